# Predictions, errors and tables.


rule predict_networks:
    input:
        script=code("predict_networks.py"),
        library=library("predict_networks.py"),
        networks=networks_of,
        clean="results/clean/{domain}.parquet",
        splits="results/splits/{domain}.parquet",
    output:
        "results/predictions/{study}/{property}/{domain}.parquet",
    log:
        "results/logs/predict_networks/{study}/{property}/{domain}.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        features=lambda w: settings.features_json(w.study),
    message:
        "Predicting {wildcards.property} of {wildcards.domain} with every network"
    shell:
        "python {input.script} --networks {input.networks} --clean {input.clean}"
        " --splits {input.splits} --features {params.features:q}"
        " --property {wildcards.property} --predictions {output} --log {log}"


rule evaluate:
    input:
        script=code("evaluate.py"),
        library=library("evaluate.py"),
        predictions=predictions_of,
    output:
        "results/metrics/{study}/{property}/{domain}.parquet",
    log:
        "results/logs/evaluate/{study}/{property}/{domain}.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    message:
        "Measuring the errors of {wildcards.property} on {wildcards.domain}"
    shell:
        "python {input.script} --predictions {input.predictions} --metrics {output} --log {log}"


rule tabulate_errors:
    input:
        script=code("tabulate_errors.py"),
        library=library("tabulate_errors.py"),
        metrics=lambda w: per_task(
            "results/metrics/{study}/{property}/{domain}.parquet", TABLE[w.table].study
        ),
    output:
        csv="results/tables/{table}.csv",
        markdown="results/tables/{table}.md",
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=tables_of_kind("errors"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        properties=lambda w: settings.properties_json(TABLE[w.table].study),
        domains=lambda w: settings.domains_json(TABLE[w.table].study),
        published=lambda w: settings.published_json(
            TABLE[w.table].study, "pretrained", "adapter"
        ),
        recipes=json.dumps(settings.values["recipes"]),
        origin=lambda w: settings.study(TABLE[w.table].study)["origin"],
        test_fraction=settings.values["split"]["test_fraction"],
        seed=settings.values["seed"],
    message:
        "Tabulating the errors: {wildcards.table}"
    shell:
        "python {input.script} --metrics {input.metrics} --properties {params.properties:q}"
        " --domains {params.domains:q} --published {params.published:q}"
        " --recipes {params.recipes:q} --scheme row --origin {params.origin}"
        " --test-fraction {params.test_fraction} --seed {params.seed}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule tabulate_architectures:
    input:
        script=code("tabulate_architectures.py"),
        library=library("tabulate_architectures.py"),
        networks=lambda w: per_task(
            "results/models/{study}/{property}/{domain}.npz", TABLE[w.table].study
        ),
    output:
        csv="results/tables/{table}.csv",
        markdown="results/tables/{table}.md",
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=tables_of_kind("architectures"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        properties=lambda w: settings.properties_json(TABLE[w.table].study),
        domains=lambda w: settings.domains_json(TABLE[w.table].study),
    message:
        "Counting layers and parameters: {wildcards.table}"
    shell:
        "python {input.script} --networks {input.networks} --properties {params.properties:q}"
        " --domains {params.domains:q} --csv {output.csv} --markdown {output.markdown}"
        " --log {log}"


rule tabulate_distributions:
    input:
        script=code("tabulate_distributions.py"),
        library=library("tabulate_distributions.py"),
        clean=lambda w: expand(
            "results/clean/{domain}.parquet",
            domain=settings.domains(TABLE[w.table].study),
        ),
    output:
        csv="results/tables/{table}.csv",
        markdown="results/tables/{table}.md",
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=tables_of_kind("distributions"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        properties=lambda w: settings.properties_json(TABLE[w.table].study),
        domains=lambda w: settings.domains_json(TABLE[w.table].study),
        published=lambda w: settings.published_json(
            TABLE[w.table].study, "distribution"
        ),
        origin=lambda w: settings.study(TABLE[w.table].study)["origin"],
        remarks=lambda w: settings.study_json(TABLE[w.table].study, "remarks", []),
    message:
        "Tabulating the distributions of the properties: {wildcards.table}"
    shell:
        "python {input.script} --clean {input.clean} --properties {params.properties:q}"
        " --domains {params.domains:q} --published {params.published:q}"
        " --origin {params.origin} --remarks {params.remarks:q} --csv {output.csv} --markdown {output.markdown} --log {log}"


rule tabulate_importance:
    input:
        script=code("tabulate_importance.py"),
        library=library("tabulate_importance.py"),
        shapley=lambda w: per_task(
            "results/shapley/{study}/{property}/{domain}.parquet", TABLE[w.table].study
        ),
    output:
        csv="results/tables/{table}.csv",
        markdown="results/tables/{table}.md",
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=tables_of_kind("importance"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        properties=lambda w: settings.properties_json(TABLE[w.table].study),
        domains=lambda w: settings.domains_json(TABLE[w.table].study),
        features=lambda w: settings.features_json(TABLE[w.table].study),
        published=lambda w: settings.published_json(TABLE[w.table].study, "importance"),
        origin=lambda w: settings.study(TABLE[w.table].study)["origin"],
    message:
        "Tabulating the features' importance: {wildcards.table}"
    shell:
        "python {input.script} --shapley {input.shapley} --properties {params.properties:q}"
        " --domains {params.domains:q} --features {params.features:q}"
        " --published {params.published:q} --origin {params.origin}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule tabulate_comparison:
    input:
        script=code("tabulate_comparison.py"),
        library=library("tabulate_comparison.py"),
        metrics=target_metrics,
        splits=target_splits,
    output:
        csv="results/tables/{table}.csv",
        markdown="results/tables/{table}.md",
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=tables_of_kind("comparison"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        properties=table_param("properties"),
        domains=table_param("targets"),
        origin=table_param("origin"),
        schemes=lambda w: json.dumps(settings.schemes(TABLE[w.table].study)),
        recipes=json.dumps(settings.values["recipes"]),
    message:
        "Comparing all methods: {wildcards.table}"
    shell:
        "python {input.script} --metrics {input.metrics} --splits {input.splits}"
        " --properties {params.properties:q} --domains {params.domains:q}"
        " --schemes {params.schemes:q} --recipes {params.recipes:q} --origin {params.origin}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule tabulate_learning_curves:
    input:
        script=code("tabulate_learning_curves.py"),
        library=library("tabulate_learning_curves.py"),
        metrics=target_metrics,
        splits=target_splits,
    output:
        csv="results/tables/{table}.csv",
        markdown="results/tables/{table}.md",
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=tables_of_kind("learning_curves"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        properties=table_param("properties"),
        domains=table_param("targets"),
        origin=table_param("origin"),
        methods=settings.curves_json(),
        recipe=HEADLINE,
        scheme=table_param("judging_scheme"),
    message:
        "Tabulating the learning curves: {wildcards.table}"
    shell:
        "python {input.script} --metrics {input.metrics} --splits {input.splits}"
        " --properties {params.properties:q} --domains {params.domains:q}"
        " --methods {params.methods:q} --recipe {params.recipe} --scheme {params.scheme}"
        " --origin {params.origin}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule tabulate_shift:
    input:
        script=code("tabulate_shift.py"),
        library=library("tabulate_shift.py"),
        clean=lambda w: expand(
            "results/clean/{domain}.parquet",
            domain=settings.domains(TABLE[w.table].study),
        ),
    output:
        csv="results/tables/{table}.csv",
        markdown="results/tables/{table}.md",
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=tables_of_kind("shift"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(800),
        runtime=5,
    params:
        domains=table_param("domains"),
        features=table_param("features"),
        properties=table_param("properties"),
        group=lambda w: [
            f"--group {name}" for name in settings.schemes(TABLE[w.table].study)[1:]
        ],
        origin=table_param("origin"),
        seed=settings.values["seed"],
    message:
        "Comparing the targets' rows with the source's: {wildcards.table}"
    shell:
        "python {input.script} --clean {input.clean} --domains {params.domains:q}"
        " --features {params.features:q} --properties {params.properties:q} {params.group}"
        " --origin {params.origin} --seed {params.seed}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule verdict:
    input:
        script=code("tabulate_verdict.py"),
        library=library("tabulate_verdict.py"),
        metrics=per_target(
            "results/metrics/{study}/{property}/{domain}.parquet", *settings.studies
        ),
        splits=per_domain("results/splits/{domain}.parquet"),
        clean=per_domain("results/clean/{domain}.parquet"),
        shift=study_tables("shift", *settings.studies),
    output:
        csv="results/tables/verdict.csv",
        markdown="results/tables/verdict.md",
    log:
        "results/logs/tables/verdict.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        studies=settings.verdicts_json(),
        curves=settings.curves_json(),
        recipe=HEADLINE,
    message:
        "Telling for every target whether the transfer helped"
    shell:
        "python {input.script} --studies {params.studies:q} --recipe {params.recipe}"
        " --metrics {input.metrics} --splits {input.splits} --clean {input.clean}"
        " --shift {input.shift} --curves {params.curves:q}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule render_table:
    input:
        script=code("render_table.py"),
        library=library("render_table.py"),
        markdown="results/tables/{table}.md",
    output:
        report(
            "results/tables/{table}.html",
            caption="../report/table.rst",
            category=table_title,
            subcategory="Tables",
            labels={"table": "{table}"},
        ),
    log:
        "results/logs/tables/{table}.html.log",
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(300),
        runtime=5,
    params:
        title=lambda w: w.table.replace("_", " ").capitalize(),
    message:
        "Rendering {wildcards.table} for the report"
    shell:
        "python {input.script} --markdown {input.markdown} --title {params.title:q}"
        " --page {output} --log {log}"
