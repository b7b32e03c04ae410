"""Microstructures against other tools: shortest paths, Eikonal, closing and fibers.

    python -m venv /tmp/rivals && /tmp/rivals/bin/pip install -r benchmarks/requirements.txt
    /tmp/rivals/bin/python benchmarks/microstructures.py [--size 1] [--growth]

Every entry runs in a process of its own on the same layer (fiber 17.5 %, binder 7.5 %,
9 µm, 1 µm voxels, compression 0.25). Seconds are processor seconds on one thread, after a
first run on a small layer that compiles and loads, in memory that was touched before;
memory is the process' peak beyond what it held with the image in hand. --size scales the
layer's edge (1: 2000 x 200 x 300 µm); --growth repeats our own entries at 1/8 and 1/2 of
the volume and on 1000 x 1000 x 300 µm. The Eikonal of scikit-fmm starts half a voxel off
ours; PoreSpy measures no shortest paths and its cylinders have whole radii and no axes.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from adaptrode.binder import Fibers, add_binder
from adaptrode.microstructure import LONGEST_UM, Layer, Microstructure, Model, generate
from adaptrode.tortuosity import excess_lengths

LAYER = Layer(9.0, 17.5, 7.5, 300.0, 0.25)
SMALL = Model(60.0, 50.0)


def model_of(size: float, square: bool = False) -> tuple[Layer, Model]:
    """The layer and window scaled by ``size``."""
    layer = Layer(**{**vars(LAYER), "thickness_um": 300.0 * size})
    return layer, Model(*((1000.0 * size,) * 2 if square else (2000.0 * size, 200.0 * size)))


def mean_of_outlet(lengths: np.ndarray, pore: np.ndarray) -> float:
    """Path over distance, where a tool's path length is finite in the last plane."""
    last = lengths[-1][(pore[-1] > 0) & np.isfinite(lengths[-1]) & (lengths[-1] < 1e6)]
    return float(last.mean(dtype=np.float64)) / (len(pore) - 1)


# Each entry takes the layer and its pores [z, y, x] and gives a number to compare.


def paths_ours(built: Microstructure, pore: np.ndarray) -> float:
    """26 neighbours, this project."""
    return mean_of_outlet(excess_lengths(pore), pore) + 1.0


def paths_dijkstra3d(built: Microstructure, pore: np.ndarray) -> float:
    """26 neighbours, dijkstra3d, from every inlet voxel of the same image."""
    import dijkstra3d

    sources = [tuple(map(int, place)) for place in np.argwhere(pore[:1])]
    return mean_of_outlet(dijkstra3d.euclidean_distance_field(pore, sources), pore)


def eikonal_ours(built: Microstructure, pore: np.ndarray) -> float:
    """First-order Eikonal, this project."""
    return mean_of_outlet(excess_lengths(pore, eikonal=True), pore) + 1.0


def eikonal_skfmm(built: Microstructure, pore: np.ndarray) -> float:
    """First-order fast marching, scikit-fmm."""
    import skfmm

    # Its front starts between the first two planes, half a voxel late.
    front = np.ma.MaskedArray(np.ones(pore.shape), pore == 0)
    front[0] = -1.0
    found = skfmm.travel_time(front, np.ones(pore.shape), order=1)
    return mean_of_outlet(found.filled(np.inf) + 0.5, pore)


def fibers_ours(built: Microstructure, pore: np.ndarray) -> float:
    """Draw the layer's cylinders, this project; their share of the volume."""
    one = built.fibers
    return float(one.cylinders(pore.shape, 0, one.radius).mean())


def fibers_porespy(built: Microstructure, pore: np.ndarray) -> float:
    """As many fibers' volume by PoreSpy's generator, of whole radius and no tilt."""
    import porespy

    share = float((built.phases == 1).mean())
    shape = list(pore.shape[::-1])
    mat = porespy.generators.cylinders(shape, r=5, porosity=1.0 - share, phi_max=5, seed=1)
    return 1.0 - float(mat.mean())


def closing_ours(built: Microstructure, pore: np.ndarray) -> float:
    """Find and place the binder, this project; its share of the volume."""
    phases = (built.phases == 1).astype(np.uint8)
    wanted = int((built.phases == 2).sum())
    add_binder(phases, built.fibers, "closing", wanted, LONGEST_UM)
    return float((phases == 2).mean())


def closing_edt(built: Microstructure, pore: np.ndarray) -> float:
    """The same by bisection with whole-volume distance transforms (edt)."""
    import edt

    fiber = built.phases == 1
    wanted = float((built.phases == 2).mean())
    outside = edt.edt(~fiber, parallel=1)
    low, high, share = 0.0, 20.0, 0.0
    while high - low > 0.02:
        radius = (low + high) / 2.0
        share = float(((edt.edt(outside <= radius, parallel=1) > radius) & ~fiber).mean())
        low, high = (radius, high) if share < wanted else (low, radius)
    return share


def generate_ours(built: Microstructure, pore: np.ndarray) -> float:
    """The whole generator; the porosity."""
    layer, model = model_of(*SCALE)
    return float((generate(layer, model, [1]).phases == 0).mean())


SCALE: tuple[float, bool] = (1.0, False)
ENTRIES: dict[str, Callable[[Microstructure, np.ndarray], float]] = {
    one.__name__: one
    for one in (
        paths_ours, paths_dijkstra3d, eikonal_ours, eikonal_skfmm, closing_ours, closing_edt,
        fibers_ours, fibers_porespy, generate_ours,
    )
}  # fmt: skip


class Peak(threading.Thread):
    """The process' largest resident memory while a piece of work runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.process, self.stop = psutil.Process(), threading.Event()
        self.first = self.most = self.process.memory_info().rss

    def run(self) -> None:
        """Look every five milliseconds."""
        while not self.stop.wait(0.005):
            self.most = max(self.most, self.process.memory_info().rss)


def measure(entry: str, size: float, square: bool, folder: Path) -> dict[str, Any]:
    """One entry in this process: its value, processor seconds and bytes a voxel."""
    global SCALE
    small = generate(Layer(9.0, 17.5, 7.5, 60.0, 0.25), SMALL, [1])
    SCALE = (0.05, False)
    ENTRIES[entry](small, (small.phases == 0).view(np.uint8))
    SCALE = (size, square)
    with np.load(folder / f"{size:g}_{square:d}.npz") as kept:
        fibers = Fibers(kept["points"], kept["directions"], 4.5, 1.0)
        built = Microstructure(kept["phases"], fibers)
    pore = (built.phases == 0).view(np.uint8)
    # A virtual machine's first use of its memory costs more than what is measured here.
    np.ones(2 * pore.size).sum()
    peak = Peak()
    peak.start()
    start = time.process_time()
    value = ENTRIES[entry](built, pore)
    seconds = time.process_time() - start
    peak.stop.set()
    return {
        "entry": entry,
        "voxels": pore.size,
        "value": value,
        "seconds": seconds,
        "voxels_per_second": pore.size / seconds,
        "bytes_per_voxel": (peak.most - peak.first) / pore.size,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Run what was asked for and print a table and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--square", action="store_true", help="a square window of 1000 µm")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--entries", nargs="+", choices=ENTRIES, default=list(ENTRIES))
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.child:
        found = measure(given.entries[0], given.size, given.square, given.child)
        print(json.dumps(found))
        return
    runs = [(entry, given.size, given.square) for entry in given.entries]
    if given.growth:
        ours = [entry for entry in given.entries if entry.endswith("_ours")]
        runs += [(entry, given.size / n, False) for n in (2, 1.26) for entry in ours]
        runs += [(entry, given.size, True) for entry in ours]
    print(f"{'entry':18}{'voxels':>12}{'value':>10}{'CPU s':>9}{'Mvoxel/s':>10}{'byte/voxel':>12}")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for entry, size, square in runs:
            kept = Path(folder) / f"{size:g}_{square:d}.npz"
            if not kept.exists():
                built = generate(*model_of(size, square), [1])
                axes = {"points": built.fibers.points, "directions": built.fibers.directions}
                np.savez(kept, phases=built.phases, **axes)
                del built
            command = [sys.executable, __file__, "--entries", entry, "--size", str(size)]
            command += ["--child", folder, *(["--square"] if square else [])]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{entry:18}failed: {done.stderr.strip().splitlines()[-1:]}")
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            results.setdefault(entry, found)
            print(
                f"{entry:18}{found['voxels']:12d}{found['value']:10.5f}{found['seconds']:9.2f}"
                f"{found['voxels_per_second'] / 1e6:10.2f}{found['bytes_per_voxel']:12.2f}",
                flush=True,
            )
    for entry, found in results.items():
        ours = results.get(f"{entry.split('_')[0]}_ours")
        if ours and not entry.endswith("_ours"):
            ratio = found["seconds"] / ours["seconds"]
            print(f"{entry}: {ratio:.1f} times the seconds of {ours['entry']}")


if __name__ == "__main__":
    main()
