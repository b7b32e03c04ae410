# Predictions, errors and tables.


def networks_of(wildcards):
    """The source's networks, then the domain's own where it is a target."""
    study = settings.study(wildcards.study)
    domains = dict.fromkeys([study["source"], wildcards.domain])
    return [
        f"results/models/{wildcards.study}/{wildcards.property}/{domain}.npz"
        for domain in domains
    ]


def network_options(wildcards, input):
    """The options that name the source's networks and, of a target, its own."""
    return [
        part
        for option, path in zip(("--source-networks", "--networks"), input.networks)
        for part in (option, path)
    ]


def per_task(pattern, study=None):
    """A file for every property and domain, of one study or of all."""
    return [
        pattern.format(study=task_study, property=name, domain=domain)
        for task_study, name, domain in settings.tasks()
        if study in (None, task_study)
    ]


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
        mem_mb=500,
        runtime=5,
    params:
        features=lambda w: settings.features_json(w.study),
    message:
        "Predicting {wildcards.property} of {wildcards.domain} with every network"
    shell:
        "python {input.script} {params.networks} --clean {input.clean}"
        " --splits {input.splits} --features {params.features:q}"
        " --property {wildcards.property} --predictions {output} --log {log}"


rule evaluate:
    input:
        script=code("evaluate.py"),
        library=library("evaluate.py"),
        predictions=rules.predict_networks.output,
    output:
        "results/metrics/{study}/{property}/{domain}.parquet",
    log:
        "results/logs/evaluate/{study}/{property}/{domain}.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    message:
        "Measuring the errors of {wildcards.property} on {wildcards.domain}"
    shell:
        "python {input.script} --predictions {input.predictions} --metrics {output} --log {log}"


TABLE = settings.tables()
TABLES = [
    f"results/tables/{name}.{suffix}"
    for name in TABLE
    for suffix in ("csv", "md", "html")
]


def tables_of_kind(kind):
    return one_of(name for name, table in TABLE.items() if table.kind == kind)


def table_title(wildcards):
    """A study's title: the report's category of its tables."""
    return settings.study(TABLE[wildcards.table].study)["title"]
