# Predictions for new settings, recommendations, exported models; each asked for by name.


rule predict:
    input:
        lambda w: expand(
            "results/predicted/{target}.{suffix}",
            target=asked_targets(),
            suffix=["csv", "md"],
        ),
    message:
        "Predictions are made: read results/predicted/*.md"


rule recommend:
    input:
        lambda w: expand("results/recommended/{target}.md", target=asked_targets()),
    message:
        "Recommendations are made: read results/recommended/*.md"


rule export:
    input:
        [
            f"results/exported/{study}/{name}/{target}/card.md"
            for study in settings.studies
            for name in settings.properties(study)
            for target in settings.study(study)["targets"]
        ],
    message:
        "Models are exported: read results/exported/*/*/*/card.md"


rule predict_candidates:
    input:
        script=code("predict.py"),
        library=library("predict.py"),
        candidates=candidates_file,
        clean="results/clean/{target}.parquet",
        splits="results/splits/{target}.parquet",
        source=source_table,
        source_networks=networks_of_properties("source"),
        networks=networks_of_properties("target"),
        verdict=verdict_if_asked,
    output:
        csv="results/predicted/{target}.csv",
        markdown="results/predicted/{target}.md",
    log:
        "results/logs/predict/{target}.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        features=lambda w: settings.raw_features_json(settings.study_of(w.target)),
        properties=lambda w: settings.properties_json(settings.study_of(w.target)),
        columns=lambda w: settings.columns_json(w.target),
        group=lambda w: group_option(w.target),
        origin=lambda w: settings.study(settings.study_of(w.target))["origin"],
        method=APPLICATION["method"],
        method_settings=json.dumps(APPLICATION["settings"]),
        verdict=lambda w, input: [f"--verdict {path}" for path in input.verdict],
        coverage=APPLICATION["coverage"],
        recipe=HEADLINE,
        seed=settings.values["seed"],
    message:
        "Predicting the candidates of {input.candidates} for {wildcards.target}"
    shell:
        "python {input.script} --candidates {input.candidates:q}"
        " --features {params.features:q} --properties {params.properties:q}"
        " --columns {params.columns:q} --clean {input.clean} --splits {input.splits}"
        " --source-clean {input.source} --source-networks {input.source_networks}"
        " --networks {input.networks} --recipe {params.recipe} {params.group}"
        " --domain {wildcards.target} {params.verdict}"
        " --method {params.method} --settings {params.method_settings:q}"
        " --coverage {params.coverage} --seed {params.seed} --origin {params.origin}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule recommend_settings:
    input:
        script=code("recommend.py"),
        library=library("recommend.py"),
        clean="results/clean/{target}.parquet",
    output:
        settings="results/recommended/{target}.csv",
        experiments="results/recommended/{target}.experiments.csv",
        markdown="results/recommended/{target}.md",
    log:
        "results/logs/recommend/{target}.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        features=lambda w: settings.raw_features_json(settings.study_of(w.target)),
        properties=lambda w: settings.properties_json(settings.study_of(w.target)),
        group=lambda w: group_option(w.target),
        origin=lambda w: settings.study(settings.study_of(w.target))["origin"],
        wanted=wanted_json,
        fixed=given_json("fixed"),
        steps=given_json("steps"),
        coverage=APPLICATION["coverage"],
        seed=settings.values["seed"],
    message:
        "Seeking settings and next experiments for {wildcards.target}"
    shell:
        "python {input.script} --clean {input.clean} --features {params.features:q}"
        " --properties {params.properties:q} {params.group} --wanted {params.wanted:q}"
        " --fixed {params.fixed:q} --steps {params.steps:q}"
        " --coverage {params.coverage} --seed {params.seed} --origin {params.origin}"
        " --settings {output.settings} --experiments {output.experiments}"
        " --markdown {output.markdown} --log {log}"


rule export_model:
    input:
        script=code("export_model.py"),
        library=library("export_model.py"),
        clean="results/clean/{target}.parquet",
        splits="results/splits/{target}.parquet",
        source=source_table,
        source_networks=lambda w: (
            f"results/models/{w.study}/{w.property}/{settings.study(w.study)['source']}.npz"
        ),
        networks="results/models/{study}/{property}/{target}.npz",
        metrics="results/metrics/{study}/{property}/{target}.parquet",
        coverage=lambda w: study_tables("coverage", w.study),
        verdict=verdict_if_asked,
    output:
        card="results/exported/{study}/{property}/{target}/card.md",
        model="results/exported/{study}/{property}/{target}/model.json",
    log:
        "results/logs/export/{study}/{property}/{target}.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=5,
    params:
        title=lambda w: settings.study(w.study)["title"],
        domains=lambda w: settings.domains_json(
            w.study, settings.study(w.study)["source"], w.target
        ),
        property=lambda w: settings.property_json(w.study, w.property),
        features=lambda w: settings.features_json(w.study),
        group=lambda w: group_option(w.target),
        origin=lambda w: settings.study(w.study)["origin"],
        method=APPLICATION["method"],
        method_settings=json.dumps(APPLICATION["settings"]),
        recipe=HEADLINE,
        seed=settings.values["seed"],
        tables=lambda w, input: [
            f"--{option} {path}"
            for option, paths in (
                ("coverage-table", input.coverage),
                ("verdict", input.verdict),
            )
            for path in paths
        ],
        folder=lambda w, output: os.path.dirname(output.card),
    message:
        "Exporting the model of {wildcards.property} of {wildcards.target}"
    shell:
        "python {input.script} --study {params.title:q} --domains {params.domains:q}"
        " --property {params.property:q} --features {params.features:q}"
        " --clean {input.clean} --splits {input.splits} --source-clean {input.source}"
        " --source-networks {input.source_networks} --networks {input.networks}"
        " --recipe {params.recipe} {params.group} --method {params.method}"
        " --settings {params.method_settings:q} --seed {params.seed}"
        " --origin {params.origin} --metrics {input.metrics}"
        " {params.tables} --folder {params.folder} --log {log}"


rule tabulate_coverage:
    input:
        script=code("tabulate_coverage.py"),
        library=library("tabulate_coverage.py"),
        clean=lambda w: expand(
            "results/clean/{domain}.parquet",
            domain=settings.domains(TABLE[w.table].study),
        ),
        splits=lambda w: expand(
            "results/splits/{domain}.parquet",
            domain=settings.study(TABLE[w.table].study)["targets"],
        ),
        source_networks=lambda w: expand(
            "results/models/{study}/{name}/{source}.npz",
            study=TABLE[w.table].study,
            name=settings.properties(TABLE[w.table].study),
            source=settings.study(TABLE[w.table].study)["source"],
        ),
        networks=lambda w: expand(
            "results/models/{study}/{name}/{target}.npz",
            study=TABLE[w.table].study,
            name=settings.properties(TABLE[w.table].study),
            target=settings.study(TABLE[w.table].study)["targets"],
        ),
    output:
        csv="results/tables/{table}.csv",
        markdown="results/tables/{table}.md",
    log:
        "results/logs/tables/{table}.log",
    wildcard_constraints:
        table=tables_of_kind("coverage"),
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=20,
    params:
        domains=lambda w: settings.domains_json(TABLE[w.table].study),
        features=lambda w: settings.features_json(TABLE[w.table].study),
        properties=lambda w: settings.properties_json(TABLE[w.table].study),
        origin=lambda w: settings.study(TABLE[w.table].study)["origin"],
        method=APPLICATION["counted"],
        coverage=APPLICATION["coverage"],
        repeats=APPLICATION["repeats"],
        recipe=HEADLINE,
        seed=settings.values["seed"],
    message:
        "Counting how often intervals hold: {wildcards.table}"
    shell:
        "python {input.script} --domains {params.domains:q} --features {params.features:q}"
        " --properties {params.properties:q} --clean {input.clean} --splits {input.splits}"
        " --source-networks {input.source_networks} --networks {input.networks}"
        " --recipe {params.recipe} --method {params.method}"
        " --coverage {params.coverage}"
        " --repeats {params.repeats} --seed {params.seed} --origin {params.origin}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"
