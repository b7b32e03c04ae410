# Shapley values of every test row.


rule explain:
    input:
        script=code("explain.py"),
        library=library("explain.py"),
        networks=networks_of,
        clean="results/clean/{domain}.parquet",
        splits="results/splits/{domain}.parquet",
    output:
        "results/shapley/{study}/{property}/{domain}.parquet",
    log:
        "results/logs/explain/{study}/{property}/{domain}.log",
    benchmark:
        "results/benchmarks/explain/{study}/{property}/{domain}.tsv"
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=20,
    params:
        networks=network_options,
        features=lambda w: settings.features_json(w.study),
        recipe=HEADLINE,
        exact=settings.values["explanation"]["exact_up_to_features"],
        repeats=settings.values["explanation"]["repeats"],
        seed=settings.values["seed"],
    message:
        "Explaining {wildcards.property} of {wildcards.domain} by Shapley values"
    shell:
        "python {input.script} {params.networks} --clean {input.clean}"
        " --splits {input.splits} --features {params.features:q}"
        " --property {wildcards.property} --recipe {params.recipe} --scheme row"
        " --max-exact-features {params.exact}"
        " --repeats {params.repeats} --seed {params.seed}"
        " --shapley {output} --log {log}"
