# What the published numbers depend on: a grid of the choices that were left unstated.


rule sensitivity_networks:
    input:
        script=code("sensitivity_networks.py"),
        library=library("sensitivity_networks.py"),
        clean=lambda w: [
            f"results/clean/{name}.parquet" for name in settings.domains(w.study)
        ],
        splits=lambda w: [
            f"results/splits/{name}.parquet" for name in settings.domains(w.study)
        ],
    output:
        "results/sensitivity/{study}/{property}.parquet",
    log:
        "results/logs/sensitivity/{study}/{property}.log",
    benchmark:
        "results/benchmarks/sensitivity/{study}/{property}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=growing(2500),
        runtime=30,
    params:
        domains=lambda w: settings.domains(w.study),
        features=lambda w: settings.features_json(w.study),
        hidden=lambda w: json.dumps(
            settings.property_settings(w.study, w.property)["hidden"]
        ),
        adapter=lambda w: json.dumps(
            settings.property_settings(w.study, w.property)["adapter"]
        ),
        grid=json.dumps(settings.values["sensitivity"]["grid"]),
        repeats=settings.values["sensitivity"]["repeats"],
        epochs=settings.values["training"]["epochs"],
        loss=settings.values["training"]["loss"],
        seed=settings.values["seed"],
    message:
        "Training the {wildcards.property} networks under every combination of choices"
    shell:
        "python {input.script} --study {wildcards.study} --property {wildcards.property}"
        " --domains {params.domains} --clean {input.clean} --splits {input.splits}"
        " --features {params.features:q} --hidden {params.hidden:q}"
        " --adapter {params.adapter:q} --grid {params.grid:q}"
        " --repeats {params.repeats} --epochs {params.epochs} --loss {params.loss} --seed {params.seed} --threads {threads}"
        " --errors {output} --log {log}"


rule tabulate_sensitivity:
    input:
        script=code("tabulate_sensitivity.py"),
        library=library("tabulate_sensitivity.py"),
        errors=lambda w: [
            f"results/sensitivity/{w.study}/{name}.parquet"
            for name in settings.properties(w.study)
        ],
    output:
        csv="results/sensitivity/{study}.csv",
        markdown="results/sensitivity/{study}.md",
    log:
        "results/logs/sensitivity/{study}.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        properties=lambda w: settings.properties_json(w.study),
        domains=lambda w: settings.domains_json(w.study),
        published=lambda w: settings.published_json(w.study, "pretrained", "adapter"),
        origin=lambda w: settings.study(w.study)["origin"],
    message:
        "Tabulating what the errors of {wildcards.study} depend on"
    shell:
        "python {input.script} --errors {input.errors} --properties {params.properties:q}"
        " --domains {params.domains:q} --published {params.published:q}"
        " --origin {params.origin} --csv {output.csv} --markdown {output.markdown} --log {log}"


rule sensitivity:
    input:
        expand(
            "results/sensitivity/{study}.{suffix}",
            study=settings.studies,
            suffix=["csv", "md"],
        ),
    message:
        "The tables are in results/sensitivity"
