"""What the report calls each kind of figure and table, and in which order it shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FigureKind:
    """What a kind of figure is called, shows (for those who cannot see it) and rests on."""

    title: str
    alt: str
    basis: str = ""


_HEADLINE = "Drawn: 1 of {repeats} splits, the headline split."
_BANDS = "Lines: the headline split; bands: all {repeats} splits."
_ROWS = "All rows; no splits."
_EACH = "Up to {count} splits for each method: the table says how many."
FIGURE_KINDS = {
    "comparison": FigureKind(
        "Comparison of methods",
        "Mean test error of every method with its 95 % interval, for {properties} of {targets}",
        _EACH.replace("count", "repeats"),
    ),
    "learning_curves": FigureKind(
        "Learning curves",
        "Mean test error of the main methods by the number of known rows, for {properties} of "
        "{targets}",
        _EACH.replace("count", "size_repeats"),
    ),
    "predicted_observed": FigureKind(
        "Predicted against observed",
        "Predicted against observed {properties} of {domains}, before and after the transfer",
        _HEADLINE,
    ),
    "property_distributions": FigureKind(
        "Distributions of the properties", "Histograms of {properties} of {domains}", _ROWS
    ),
    "feature_distributions": FigureKind(
        "Distributions of the features", "Histograms of every feature of {domains}", _ROWS
    ),
    "microstructure": FigureKind(
        "Microstructure",
        "A generated sample of {domains}: fibers and binder, cut open, with a shortest path "
        "through the pores",
        "One sample; no splits.",
    ),
    "shapley_beeswarm": FigureKind(
        "Shapley values of all test rows",
        "Shapley values of every test row by feature for {properties} of {domains}, a dot a row",
        _HEADLINE,
    ),
    "shapley_force": FigureKind(
        "Shapley values of one row",
        "How each feature pushes the predicted {properties} of one test row of {domains} up or "
        "down",
        _HEADLINE,
    ),
    "source_loss": FigureKind(
        "Loss on the source",
        "Training and validation loss by epoch of the networks for {properties} of {source}",
        _BANDS,
    ),
    "scratch_loss": FigureKind(
        "Loss without a source",
        "Training and validation loss by epoch of networks trained for {properties} on {targets} "
        "alone",
        _BANDS,
    ),
    "transfer_schematic": FigureKind(
        "Networks",
        "Diagram of the networks for {properties}: pretrained on {source}, then frozen and "
        "followed by an adapter for {targets}",
    ),
    "workflow": FigureKind(
        "Workflow",
        "Diagram of the workflow: networks for {properties} pretrained on {source} and "
        "transferred to {targets}",
    ),
}
TABLE_KINDS = {
    "comparison": "Comparison of methods",
    "learning_curves": "Learning curves",
    "errors": "Errors of the networks",
    "coverage": "Coverage of the intervals",
    "shift": "Shift from source to target",
    "distributions": "Distributions",
    "importance": "Importance of the features",
    "architectures": "Architectures",
    "methods": "Methods",
}
# Each study's topics, in the order in which they answer questions.
TOPICS: dict[str, tuple[tuple[str, str], ...]] = {
    "Errors": (
        ("figure", "comparison"),
        ("table", "comparison"),
        ("figure", "learning_curves"),
        ("table", "learning_curves"),
        ("figure", "predicted_observed"),
        ("table", "errors"),
        ("table", "coverage"),
    ),
    "Data": (
        ("table", "shift"),
        ("figure", "property_distributions"),
        ("table", "distributions"),
        ("figure", "feature_distributions"),
        ("figure", "microstructure"),
    ),
    "Explanation": (
        ("table", "importance"),
        ("figure", "shapley_beeswarm"),
        ("figure", "shapley_force"),
    ),
    "Networks": (
        ("figure", "workflow"),
        ("figure", "transfer_schematic"),
        ("table", "architectures"),
        ("figure", "source_loss"),
        ("figure", "scratch_loss"),
    ),
}
