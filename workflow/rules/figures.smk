# Figures, one rule and one script for each kind; config.yaml says which there are.


rule plot_feature_distributions:
    input:
        script=code("plot_feature_distributions.py"),
        library=library("plot_feature_distributions.py"),
        clean=figure_files("results/clean/{domain}.parquet"),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/feature_distributions.rst",
            category=figure_title,
            subcategory="Data",
            labels={"figure": "{figure}", "shows": "feature distributions"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("feature_distributions"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains"),
        features=figure_param("features"),
        origin=figure_origin,
    message:
        "Drawing the distributions of the features: {wildcards.figure}"
    shell:
        "python {input.script} --clean {input.clean} --domains {params.domains:q}"
        " --features {params.features:q}"
        " --origin {params.origin} --figure {output.svg} {output.png} --log {log}"


rule plot_property_distributions:
    input:
        script=code("plot_property_distributions.py"),
        library=library("plot_property_distributions.py"),
        clean=figure_files("results/clean/{domain}.parquet"),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/property_distributions.rst",
            category=figure_title,
            subcategory="Data",
            labels={"figure": "{figure}", "shows": "property distributions"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("property_distributions"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains"),
        properties=figure_param("properties"),
        origin=figure_origin,
    message:
        "Drawing the distributions of the properties: {wildcards.figure}"
    shell:
        "python {input.script} --clean {input.clean} --domains {params.domains:q}"
        " --properties {params.properties:q}"
        " --origin {params.origin} --figure {output.svg} {output.png} --log {log}"


rule plot_source_loss:
    input:
        script=code("plot_source_loss.py"),
        library=library("plot_source_loss.py"),
        history=figure_files(
            "results/models/{study}/{property}/{domain}.history.parquet", "source"
        ),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/source_loss.rst",
            category=figure_title,
            subcategory="Networks",
            labels={"figure": "{figure}", "shows": "source loss"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("source_loss"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains"),
        properties=figure_param("properties"),
        recipe=HEADLINE,
        loss=settings.values["training"]["loss"],
        origin=figure_origin,
    message:
        "Drawing the loss of the source networks: {wildcards.figure}"
    shell:
        "python {input.script} --history {input.history} --domains {params.domains:q}"
        " --properties {params.properties:q} --recipe {params.recipe} --loss {params.loss}"
        " --origin {params.origin} --figure {output.svg} {output.png} --log {log}"


rule plot_scratch_loss:
    input:
        script=code("plot_scratch_loss.py"),
        library=library("plot_scratch_loss.py"),
        history=figure_files(
            "results/models/{study}/{property}/{domain}.history.parquet", "targets"
        ),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/scratch_loss.rst",
            category=figure_title,
            subcategory="Networks",
            labels={"figure": "{figure}", "shows": "scratch loss"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("scratch_loss"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains", "targets"),
        property=figure_param("property"),
        recipe=HEADLINE,
        loss=settings.values["training"]["loss"],
        origin=figure_origin,
    message:
        "Drawing the loss of networks trained without a source: {wildcards.figure}"
    shell:
        "python {input.script} --history {input.history} --domains {params.domains:q}"
        " --property {params.property:q} --recipe {params.recipe} --loss {params.loss}"
        " --origin {params.origin} --figure {output.svg} {output.png} --log {log}"


rule plot_predicted_observed:
    input:
        script=code("plot_predicted_observed.py"),
        library=library("plot_predicted_observed.py"),
        predictions=figure_files(
            "results/predictions/{study}/{property}/{domain}.parquet"
        ),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/predicted_observed.rst",
            category=figure_title,
            subcategory="Errors",
            labels={"figure": "{figure}", "shows": "predicted observed"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("predicted_observed"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains"),
        properties=figure_param("properties"),
        recipe=HEADLINE,
        origin=figure_origin,
    message:
        "Drawing predicted against observed values: {wildcards.figure}"
    shell:
        "python {input.script} --predictions {input.predictions} --domains {params.domains:q}"
        " --properties {params.properties:q} --recipe {params.recipe}"
        " --origin {params.origin} --figure {output.svg} {output.png} --log {log}"


rule plot_shapley_force:
    input:
        script=code("plot_shapley_force.py"),
        library=library("plot_shapley_force.py"),
        shapley=figure_files("results/shapley/{study}/{property}/{domain}.parquet"),
        clean=figure_files("results/clean/{domain}.parquet"),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/shapley_force.rst",
            category=figure_title,
            subcategory="Explanation",
            labels={"figure": "{figure}", "shows": "shapley force"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("shapley_force"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains"),
        features=figure_param("features"),
        property=figure_param("property"),
        recipe=HEADLINE,
        seed=settings.values["seed"],
        origin=figure_origin,
    message:
        "Drawing the Shapley values of one test row: {wildcards.figure}"
    shell:
        "python {input.script} --shapley {input.shapley} --clean {input.clean}"
        " --domains {params.domains:q} --features {params.features:q}"
        " --property {params.property:q} --recipe {params.recipe} --seed {params.seed}"
        " --origin {params.origin} --figure {output.svg} {output.png} --log {log}"


rule plot_shapley_beeswarm:
    input:
        script=code("plot_shapley_beeswarm.py"),
        library=library("plot_shapley_beeswarm.py"),
        shapley=figure_files("results/shapley/{study}/{property}/{domain}.parquet"),
        clean=figure_files("results/clean/{domain}.parquet"),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/shapley_beeswarm.rst",
            category=figure_title,
            subcategory="Explanation",
            labels={"figure": "{figure}", "shows": "shapley beeswarm"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("shapley_beeswarm"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains"),
        features=figure_param("features"),
        property=figure_param("property"),
        recipe=HEADLINE,
        seed=settings.values["seed"],
        origin=figure_origin,
    message:
        "Drawing the Shapley values of all test rows: {wildcards.figure}"
    shell:
        "python {input.script} --shapley {input.shapley} --clean {input.clean}"
        " --domains {params.domains:q} --features {params.features:q}"
        " --property {params.property:q} --recipe {params.recipe}"
        " --seed {params.seed} --origin {params.origin} --figure {output.svg} {output.png} --log {log}"


rule plot_workflow:
    input:
        script=code("plot_workflow.py"),
        library=library("plot_workflow.py"),
        clean=expand("results/clean/{domain}.parquet", domain=settings.all_domains),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/workflow.rst",
            category="Method",
            labels={"figure": "{figure}", "shows": "workflow"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("workflow"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        studies=settings.workflow_json(*settings.studies),
    message:
        "Drawing the workflow: {wildcards.figure}"
    shell:
        "python {input.script} --studies {params.studies:q} --clean {input.clean}"
        " --figure {output.svg} {output.png} --log {log}"


rule plot_transfer_schematic:
    input:
        script=code("plot_transfer_schematic.py"),
        library=library("plot_transfer_schematic.py"),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/transfer_schematic.rst",
            category="Method",
            labels={"figure": "{figure}", "shows": "transfer schematic"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("transfer_schematic"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains"),
        features=figure_param("features"),
        properties=figure_param("properties"),
        hidden=lambda w: settings.widths_json(FIGURE[w.figure].study, "hidden"),
        adapter=lambda w: settings.widths_json(FIGURE[w.figure].study, "adapter"),
    message:
        "Drawing the networks: {wildcards.figure}"
    shell:
        "python {input.script} --domains {params.domains:q} --features {params.features:q}"
        " --properties {params.properties:q} --hidden {params.hidden:q}"
        " --adapter {params.adapter:q} --figure {output.svg} {output.png} --log {log}"


rule plot_comparison:
    input:
        script=code("plot_comparison.py"),
        library=library("plot_comparison.py"),
        comparison=figure_table("comparison"),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/comparison.rst",
            category=figure_title,
            subcategory="Errors",
            labels={"figure": "{figure}", "shows": "comparison"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("comparison"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains", "targets"),
        properties=figure_param("properties"),
        recipe=HEADLINE,
        scheme=lambda w: settings.judging_scheme(FIGURE[w.figure].study),
        origin=figure_origin,
    message:
        "Drawing the errors of all methods: {wildcards.figure}"
    shell:
        "python {input.script} --comparison {input.comparison}"
        " --recipe {params.recipe} --scheme {params.scheme}"
        " --domains {params.domains:q} --properties {params.properties:q}"
        " --origin {params.origin} --figure {output.svg} {output.png} --log {log}"


rule plot_learning_curves:
    input:
        script=code("plot_learning_curves.py"),
        library=library("plot_learning_curves.py"),
        curves=figure_table("learning_curves"),
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/learning_curves.rst",
            category=figure_title,
            subcategory="Errors",
            labels={"figure": "{figure}", "shows": "learning curves"},
        ),
        png="results/figures/{figure}.png",
    log:
        "results/logs/figures/{figure}.log",
    wildcard_constraints:
        figure=figures_of_kind("learning_curves"),
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=figure_param("domains", "targets"),
        properties=figure_param("properties"),
        origin=figure_origin,
    message:
        "Drawing the learning curves: {wildcards.figure}"
    shell:
        "python {input.script} --curves {input.curves}"
        " --domains {params.domains:q} --properties {params.properties:q}"
        " --origin {params.origin} --figure {output.svg} {output.png} --log {log}"
