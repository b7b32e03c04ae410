"""All adapters of a task as one ONNX graph: features in, the median of their answers out.

In double precision, as `adaptrode.networks` computes, so that any ONNX runtime gives what
the pipeline gives. Made of eight standard operators; the graph needs no conversion.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adaptrode.files import atomic
from adaptrode.networks import AdaptedStack, NetworkStack

INPUT, OUTPUT = "features", "property"
OPSET = 17
_IR_VERSION = 8  # what runtimes of 2022 and later read


class _Graph:
    """Nodes and constants, chained one after the other."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.last = INPUT

    def constant(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper  # type: ignore[import-not-found,unused-ignore]

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, *others: NDArray[Any], outputs: int = 1, **how: Any) -> None:
        from onnx import helper

        names = [f"{operator.lower()}_{len(self.nodes)}_{place}" for place in range(outputs)]
        inputs = [self.last, *(self.constant(values) for values in others)]
        self.nodes.append(helper.make_node(operator, inputs, names, **how))
        self.last = names[0]


def onnx_model(networks: AdaptedStack, name: str) -> Any:
    """The graph of a stack: [rows, features] in raw units to [rows] in the property's unit.

    Raises
    ------
    ImportError
        When the package onnx is not installed.
    """
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph()
    graph.add("Unsqueeze", np.array([0]))
    for stack in (networks.source, networks.adapter):
        _layers(graph, stack)
    _median(graph, len(networks))
    graph.nodes[-1].output[0] = OUTPUT
    features = networks.source.layer_sizes[0]
    made = helper.make_graph(
        graph.nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.DOUBLE, ["rows", features])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.DOUBLE, ["rows"])],
        graph.constants,
    )
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="adaptrode"
    )
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


def save_onnx(model: Any, path: str | Path) -> None:
    """Write a graph; the bytes follow from the content alone."""
    with atomic(path) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))


def _layers(graph: _Graph, stack: NetworkStack) -> None:
    """[networks, rows, inputs] to [networks, rows, 1], as `NetworkStack.predict`."""
    graph.add("Sub", stack.input_shift[:, None])
    graph.add("Div", stack.input_scale[:, None])
    last = len(stack.kernels) - 1
    for layer, (kernel, bias) in enumerate(zip(stack.kernels, stack.biases, strict=True)):
        graph.add("MatMul", kernel.astype(np.float64))
        graph.add("Add", bias[:, None].astype(np.float64))
        if layer < last:
            graph.add("Relu")
    graph.add("Mul", stack.output_scale[:, None, None])


def _median(graph: _Graph, count: int) -> None:
    """[networks, rows, 1] to [rows]."""
    if count > 1:
        middle = count // 2
        graph.add("TopK", np.array([middle + 1]), outputs=2, axis=0, largest=0, sorted=1)
        both = [middle] if count % 2 else [middle - 1, middle]
        graph.add("Gather", np.array(both), axis=0)
    graph.add("ReduceMean", axes=[0, 2], keepdims=0)
