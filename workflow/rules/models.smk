# Networks: pretrained on the source, then transferred to each target.


rule pretrain:
    input:
        script=code("pretrain.py"),
        library=library("pretrain.py"),
        clean="results/clean/{source}.parquet",
        splits="results/splits/{source}.parquet",
    output:
        networks="results/models/{study}/{property}/{source}.npz",
        history="results/models/{study}/{property}/{source}.history.parquet",
        keras="results/models/{study}/{property}/{source}.keras",
        provenance="results/models/{study}/{property}/{source}.json",
    log:
        "results/logs/pretrain/{study}/{property}/{source}.log",
    benchmark:
        "results/benchmarks/pretrain/{study}/{property}/{source}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=20,
    params:
        features=lambda w: settings.features_json(w.study),
        hidden=lambda w: json.dumps(
            settings.property_settings(w.study, w.property)["hidden"]
        ),
        recipes=settings.recipes_json(),
        options=training_options(),
    message:
        "Training the {wildcards.property} networks of the source domain {wildcards.source}"
    shell:
        "python {input.script} --clean {input.clean} --splits {input.splits}"
        " --study {wildcards.study} --property {wildcards.property} --domain {wildcards.source}"
        " --features {params.features:q} --hidden {params.hidden:q}"
        " --recipes {params.recipes:q} {params.options} --threads {threads}"
        " --networks {output.networks} --history {output.history}"
        " --keras {output.keras} --provenance {output.provenance} --log {log}"


rule transfer:
    input:
        script=code("transfer.py"),
        library=library("transfer.py"),
        source=lambda w: (
            f"results/models/{w.study}/{w.property}/{settings.study(w.study)['source']}.npz"
        ),
        clean="results/clean/{target}.parquet",
        splits="results/splits/{target}.parquet",
    output:
        networks="results/models/{study}/{property}/{target}.npz",
        history="results/models/{study}/{property}/{target}.history.parquet",
        keras="results/models/{study}/{property}/{target}.keras",
        provenance="results/models/{study}/{property}/{target}.json",
    log:
        "results/logs/transfer/{study}/{property}/{target}.log",
    benchmark:
        "results/benchmarks/transfer/{study}/{property}/{target}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=20,
    params:
        features=lambda w: settings.features_json(w.study),
        hidden=lambda w: json.dumps(
            settings.property_settings(w.study, w.property)["hidden"]
        ),
        adapter=lambda w: json.dumps(
            settings.property_settings(w.study, w.property)["adapter"]
        ),
        recipes=settings.recipes_json(),
        options=training_options(),
    message:
        "Transferring the {wildcards.property} networks to {wildcards.target}"
    shell:
        "python {input.script} --source-networks {input.source}"
        " --clean {input.clean} --splits {input.splits}"
        " --study {wildcards.study} --property {wildcards.property} --domain {wildcards.target}"
        " --features {params.features:q} --hidden {params.hidden:q}"
        " --adapter {params.adapter:q} --recipes {params.recipes:q}"
        " {params.options} --threads {threads}"
        " --networks {output.networks} --history {output.history}"
        " --keras {output.keras} --provenance {output.provenance} --log {log}"
