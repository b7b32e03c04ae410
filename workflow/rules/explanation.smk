# Shapley values of every test row.


rule explain:
    message:
        "Explaining {wildcards.property} of {wildcards.domain} by Shapley values"
    input:
        script=code("explain.py"),
        library=library("explain.py"),
        networks=networks_of,
        clean="results/clean/{domain}.parquet",
        splits="results/splits/{domain}.parquet",
    output:
        "results/shapley/{study}/{property}/{domain}.parquet",
    params:
        features=lambda w: settings.features_json(w.study),
        recipe=HEADLINE,
        exact=settings.values["explanation"]["exact_up_to_features"],
        seed=settings.values["seed"],
    log:
        "results/logs/explain/{study}/{property}/{domain}.log",
    benchmark:
        "results/benchmarks/explain/{study}/{property}/{domain}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=20,
    conda:
        "../../envs/plotting.yaml"
    shell:
        "python {input.script} --networks {input.networks} --clean {input.clean}"
        " --splits {input.splits} --features {params.features:q}"
        " --property {wildcards.property} --recipe {params.recipe} --scheme row"
        " --max-exact-features {params.exact} --seed {params.seed}"
        " --shapley {output} --log {log}"
