# Adaptrode: transfer learning for small manufacturing datasets.
# `snakemake --cores 8` makes everything; config.yaml says what there is to make.

from snakemake.utils import min_version

min_version("9.0")


if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


report: "workflow/report/workflow_description.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/functions.smk"
include: "workflow/rules/application_functions.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/microstructures.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/explanation.smk"
include: "workflow/rules/application.smk"
include: "workflow/rules/sensitivity.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


onerror:
    for message in failures.messages(Path("results/logs"), STARTED):
        print(f"\n{message}", file=sys.stderr)


localrules:
    all,
    results,
    clean,
    split,
    raw_electrodes,
    design_microstructures,
    collect_microstructures,
    microstructures,
    microstructure_sensitivity,
    list_methods,
    predict_networks,
    evaluate,
    tabulate_errors,
    tabulate_architectures,
    tabulate_distributions,
    tabulate_importance,
    tabulate_comparison,
    tabulate_learning_curves,
    tabulate_shift,
    verdict,
    render_table,
    plot_feature_distributions,
    plot_property_distributions,
    plot_source_loss,
    plot_scratch_loss,
    plot_predicted_observed,
    plot_shapley_force,
    plot_shapley_beeswarm,
    plot_workflow,
    plot_transfer_schematic,
    plot_comparison,
    plot_learning_curves,
    tabulate_sensitivity,
    sensitivity,
    seconds,
    write_settings,
    report,
    predict,
    recommend,
    export,


rule all:
    default_target: True
    input:
        rules.report.output,
        # Named again, so that a deleted one is made anew although the report stands.
        RESULTS,
    message:
        "All results are made: read results/report.html"


rule results:
    input:
        RESULTS,
    message:
        "All tables, figures and models are made"
