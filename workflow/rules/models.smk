# Networks: pretrained on the source, then transferred to each target.


rule pretrain:
    input:
        script=code("pretrain.py"),
        library=library("pretrain.py"),
        clean="results/clean/{source}.parquet",
        splits="results/splits/{source}.parquet",
        pooled_clean=pooled_with("results/clean/{domain}.parquet"),
        pooled_splits=pooled_with("results/splits/{domain}.parquet"),
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
        mem_mb=growing(2500),
        runtime=20,
    params:
        features=lambda w: settings.features_json(w.study),
        hidden=lambda w: json.dumps(
            settings.property_settings(w.study, w.property)["hidden"]
        ),
        recipes=settings.recipes_json(),
        options=training_options(),
        pooled=pooled_options,
    message:
        "Training the {wildcards.property} networks of the source domain {wildcards.source}"
    shell:
        "python {input.script} --clean {input.clean} --splits {input.splits}"
        " --study {wildcards.study} --property {wildcards.property} --domain {wildcards.source}"
        " --features {params.features:q} --hidden {params.hidden:q}"
        " --recipes {params.recipes:q} {params.options} {params.pooled} --threads {threads}"
        " --networks {output.networks} --history {output.history}"
        " --keras {output.keras} --provenance {output.provenance} --log {log}"


rule transfer:
    input:
        script=code("transfer.py"),
        library=library("transfer.py"),
        source=lambda w: (
            f"results/models/{w.study}/{w.property}/{settings.study(w.study)['source']}.npz"
        ),
        source_clean=lambda w: (
            f"results/clean/{settings.study(w.study)['source']}.parquet"
        ),
        source_splits=lambda w: (
            f"results/splits/{settings.study(w.study)['source']}.parquet"
        ),
        clean="results/clean/{target}.parquet",
        splits="results/splits/{target}.parquet",
    output:
        networks="results/models/{study}/{property}/{target}.npz",
        history="results/models/{study}/{property}/{target}.history.parquet",
        keras="results/models/{study}/{property}/{target}.keras",
        provenance="results/models/{study}/{property}/{target}.json",
        seconds="results/models/{study}/{property}/{target}.seconds.parquet",
    log:
        "results/logs/transfer/{study}/{property}/{target}.log",
    benchmark:
        "results/benchmarks/transfer/{study}/{property}/{target}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=growing(2500),
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
        rivals=json.dumps(settings.values["networks"]),
        options=training_options(),
    message:
        "Transferring the {wildcards.property} networks to {wildcards.target}"
    shell:
        "python {input.script} --source-networks {input.source}"
        " --source-clean {input.source_clean} --source-splits {input.source_splits}"
        " --rivals {params.rivals:q}"
        " --clean {input.clean} --splits {input.splits}"
        " --study {wildcards.study} --property {wildcards.property} --domain {wildcards.target}"
        " --features {params.features:q} --hidden {params.hidden:q}"
        " --adapter {params.adapter:q} --recipes {params.recipes:q}"
        " {params.options} --threads {threads}"
        " --networks {output.networks} --history {output.history}"
        " --keras {output.keras} --provenance {output.provenance}"
        " --seconds {output.seconds} --log {log}"


rule list_methods:
    input:
        script=code("list_methods.py"),
        library=library("list_methods.py"),
    output:
        csv="results/tables/methods.csv",
        markdown="results/tables/methods.md",
    log:
        "results/logs/list_methods.log",
    # First of all: a misspelt method is to be told before networks are trained.
    priority: 100
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        methods=settings.methods_json(),
        networks=json.dumps(settings.values["networks"]),
        curves=settings.curves_json(),
    message:
        "Checking and listing the methods"
    shell:
        "python {input.script} --methods {params.methods:q} --networks {params.networks:q}"
        " --learning-curves {params.curves:q}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule rivals:
    input:
        unpack(rivals_input),
        script=code("rivals.py"),
        library=library("rivals.py"),
        methods=rules.list_methods.output.csv,
    output:
        predictions="results/rivals/{study}/{property}/{target}.parquet",
        seconds="results/rivals/{study}/{property}/{target}.seconds.parquet",
        choices="results/rivals/{study}/{property}/{target}.choices.parquet",
    log:
        "results/logs/rivals/{study}/{property}/{target}.log",
    benchmark:
        "results/benchmarks/rivals/{study}/{property}/{target}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=60,
    params:
        options=rivals_options,
        features=lambda w: settings.features_json(w.study),
        methods=settings.methods_json(),
    message:
        "Predicting {wildcards.property} of {wildcards.target} with rival methods"
    shell:
        "python {input.script} {params.options} --features {params.features:q}"
        " --source-clean {input.source_clean} --source-splits {input.source_splits}"
        " --source-networks {input.source_networks}"
        " --clean {input.clean} --splits {input.splits}"
        " --methods {params.methods:q} --threads {threads}"
        " --predictions {output.predictions} --seconds {output.seconds}"
        " --choices {output.choices} --log {log}"


rule try_method:
    input:
        unpack(rivals_input),
        script=code("rivals.py"),
        library=library("rivals.py"),
    output:
        predictions="results/trials/{study}/{property}/{target}/{method}.parquet",
        seconds="results/trials/{study}/{property}/{target}/{method}.seconds.parquet",
    log:
        "results/logs/trials/{study}/{property}/{target}/{method}.log",
    wildcard_constraints:
        method="[a-z][a-z0-9_]*",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=60,
    params:
        options=rivals_options,
        features=lambda w: settings.features_json(w.study),
        methods=settings.methods_json(),
    message:
        "Trying {wildcards.method} on {wildcards.property} of {wildcards.target}"
    shell:
        "python {input.script} {params.options} --features {params.features:q}"
        " --source-clean {input.source_clean} --source-splits {input.source_splits}"
        " --source-networks {input.source_networks}"
        " --clean {input.clean} --splits {input.splits}"
        " --methods {params.methods:q} --only {wildcards.method} --threads {threads}"
        " --predictions {output.predictions} --seconds {output.seconds} --log {log}"
