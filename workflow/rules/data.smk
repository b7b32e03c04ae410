# Raw tables to clean tables and splits.


rule clean:
    input:
        script=code("clean.py"),
        library=library("clean.py"),
        raw=lambda wildcards: raw_file(wildcards.domain),
    output:
        clean="results/clean/{domain}.parquet",
        rejected=report(
            "results/clean/{domain}.rejected.csv",
            caption="../report/rejected.rst",
            category="Data",
            subcategory="Rejected rows",
            labels={"domain": "{domain}", "table": "rejected rows"},
        ),
    log:
        "results/logs/clean/{domain}.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=5,
    params:
        features=lambda w: settings.raw_features_json(settings.study_of(w.domain)),
        properties=lambda w: settings.properties_json(settings.study_of(w.domain)),
        measurements=lambda w: settings.measurements_json(settings.study_of(w.domain)),
        columns=lambda w: settings.columns_json(w.domain),
        equations=lambda w: settings.study_json(
            settings.study_of(w.domain), "equations", {}
        ),
        constants=lambda w: settings.study_json(
            settings.study_of(w.domain), "constants", {}
        ),
        relations=lambda w: settings.study_json(
            settings.study_of(w.domain), "relations", []
        ),
        names=lambda w: name_options(w.domain),
    message:
        "Cleaning the raw table of {wildcards.domain}"
    shell:
        "python {input.script} --raw {input.raw:q}"
        " --features {params.features:q} --properties {params.properties:q}"
        " --measurements {params.measurements:q} --columns {params.columns:q}"
        " --equations {params.equations:q} --constants {params.constants:q}"
        " --relations {params.relations:q}"
        " {params.names}"
        " --clean {output.clean} --rejected {output.rejected} --log {log}"


rule split:
    input:
        script=code("split.py"),
        library=library("split.py"),
        clean=rules.clean.output.clean,
    output:
        "results/splits/{domain}.parquet",
    log:
        "results/logs/split/{domain}.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        draws=lambda w: settings.split_as(w.domain),
        schemes=lambda w: json.dumps(settings.schemes(settings.study_of(w.domain))),
        sizes=lambda w: json.dumps(settings.sizes(w.domain)),
        judging=lambda w: settings.judging_scheme(settings.study_of(w.domain)),
        size_repeats=settings.values["split"].get("size_repeats", 0),
        test_fraction=settings.values["split"]["test_fraction"],
        validation_fraction=settings.values["split"]["validation_fraction"],
        repeats=settings.values["split"]["repeats"],
        seed=settings.values["seed"],
    message:
        "Splitting the rows of {wildcards.domain}"
    shell:
        "python {input.script} --clean {input.clean} --domain {params.draws}"
        " --schemes {params.schemes:q} --sizes {params.sizes:q}"
        " --size-scheme {params.judging} --size-repeats {params.size_repeats}"
        " --test-fraction {params.test_fraction}"
        " --validation-fraction {params.validation_fraction}"
        " --repeats {params.repeats} --seed {params.seed} --splits {output} --log {log}"


rule raw_electrodes:
    input:
        script=code("simulate_electrodes.py"),
        library=library("simulate_electrodes.py"),
    output:
        expand("results/raw/{name}.csv", name=["graphite", "si_gra", "nmc"]),
    log:
        "results/logs/raw_electrodes.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        seed=2024,
        folder=lambda w, output: os.path.dirname(output[0]),
    message:
        "Simulating the raw electrode tables"
    shell:
        "python {input.script} --seed {params.seed} --output-dir {params.folder} --log {log}"
