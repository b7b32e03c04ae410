# Generated microstructures: a design, batches of samples, one raw table per domain.


wildcard_constraints:
    generated=one_of(MICROSTRUCTURES["domains"]),
    number=r"\d{4}",


rule design_microstructures:
    input:
        script=code("design_microstructures.py"),
        library=library("design_microstructures.py"),
    output:
        "results/microstructures/{generated}/design.csv",
    log:
        "results/logs/microstructures/{generated}/design.log",
    conda:
        "../../envs/microstructures.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        samples=lambda w: MICROSTRUCTURES["domains"][w.generated]["samples"],
        plan=lambda w: MICROSTRUCTURES["domains"][w.generated]["plan"],
        ranges=lambda w: json.dumps(MICROSTRUCTURES["ranges"]),
        seed=MICROSTRUCTURES.get("seed"),
    message:
        "Drawing the design of {wildcards.generated}"
    shell:
        "python {input.script} --domain {wildcards.generated} --count {params.samples}"
        " --plan {params.plan} --ranges {params.ranges:q} --seed {params.seed}"
        " --output {output} --log {log}"


rule characterise_microstructures:
    input:
        script=code("characterise_microstructures.py"),
        library=library("characterise_microstructures.py"),
        design=rules.design_microstructures.output,
    output:
        "results/microstructures/{generated}/batch_{number}.parquet",
    log:
        "results/logs/microstructures/{generated}/batch_{number}.log",
    benchmark:
        "results/benchmarks/microstructures/{generated}/batch_{number}.tsv"
    conda:
        "../../envs/microstructures.yaml"
    threads: 1
    resources:
        mem_mb=lambda w, attempt: (
            attempt * MICROSTRUCTURES["domains"][w.generated]["memory_mb"]
        ),
        runtime=60,
    params:
        batch=lambda w: int(w.number),
        batch_size=MICROSTRUCTURES.get("batch_size"),
        voxel=MICROSTRUCTURES.get("voxel_um"),
        model=lambda w: model_options(w.generated),
        # Compiled code is shared by the run's jobs, not with other programs.
        cache="results/microstructures/numba",
    message:
        "Building and measuring batch {wildcards.number} of {wildcards.generated}"
    shell:
        "NUMBA_CACHE_DIR={params.cache} NUMBA_NUM_THREADS={threads}"
        " python {input.script} --design {input.design} --batch {params.batch}"
        " --batch-size {params.batch_size} {params.model} --voxel {params.voxel}"
        " --memory-mb {resources.mem_mb} --output {output} --log {log}"


rule collect_microstructures:
    input:
        script=code("collect_microstructures.py"),
        library=library("collect_microstructures.py"),
        design=rules.design_microstructures.output,
        batches=batches,
    output:
        "results/raw/{generated}.csv",
    log:
        "results/logs/microstructures/{generated}/collect.log",
    conda:
        "../../envs/microstructures.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    message:
        "Putting the batches of {wildcards.generated} together"
    shell:
        "python {input.script} --design {input.design} --batches {input.batches}"
        " --output {output} --log {log}"


rule microstructures:
    input:
        expand("results/raw/{generated}.csv", generated=MICROSTRUCTURES["domains"]),
    message:
        "The raw tables are in results/raw; copy them to data/raw to use them"


rule plot_microstructure:
    input:
        script=code("plot_microstructure.py"),
        library=library("plot_microstructure.py"),
        design=rules.design_microstructures.output,
    output:
        svg=report(
            "results/figures/{generated}_microstructure.svg",
            caption="../report/microstructure.rst",
            category="Data",
            subcategory="Microstructures",
            labels={"domain": "{generated}", "shows": "one sample"},
        ),
        png="results/figures/{generated}_microstructure.png",
    log:
        "results/logs/figures/{generated}_microstructure.log",
    conda:
        "../../envs/microstructures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2500),
        runtime=15,
    params:
        sample=lambda w: settings.picture(w.generated)["sample"],
        voxel=lambda w: settings.picture(w.generated)["voxel_um"],
        title=lambda w: settings.domain_label(w.generated),
        model=lambda w: model_options(w.generated),
        cache="results/microstructures/numba",
    message:
        "Drawing a sample of {wildcards.generated}"
    shell:
        "NUMBA_CACHE_DIR={params.cache} NUMBA_NUM_THREADS={threads}"
        " python {input.script} --design {input.design} --sample {params.sample}"
        " --title {params.title:q} {params.model} --voxel {params.voxel}"
        " --origin simulated --figure {output.svg} {output.png} --log {log}"


rule sensitivity_microstructures:
    input:
        script=code("sensitivity_microstructures.py"),
        library=library("sensitivity_microstructures.py"),
        design=rules.design_microstructures.output,
    output:
        "results/microstructures/{generated}/sensitivity.csv",
    log:
        "results/logs/microstructures/{generated}/sensitivity.log",
    conda:
        "../../envs/microstructures.yaml"
    threads: 1
    resources:
        mem_mb=growing(2500),
        runtime=120,
    params:
        samples=MICROSTRUCTURES.get("sensitivity", {}).get("samples"),
        voxel=MICROSTRUCTURES.get("sensitivity", {}).get("voxel_um"),
        length=lambda w: MICROSTRUCTURES["domains"][w.generated]["length_um"],
        width=lambda w: MICROSTRUCTURES["domains"][w.generated]["width_um"],
        cache="results/microstructures/numba",
    message:
        "Measuring how the binder model and the readings move {wildcards.generated}"
    shell:
        "NUMBA_CACHE_DIR={params.cache} NUMBA_NUM_THREADS={threads}"
        " python {input.script} --design {input.design} --samples {params.samples}"
        " --length {params.length} --width {params.width} --voxel {params.voxel}"
        " --memory-mb {resources.mem_mb} --output {output} --log {log}"


rule microstructure_sensitivity:
    input:
        expand(
            "results/microstructures/{generated}/sensitivity.csv",
            generated=MICROSTRUCTURES["domains"],
        ),
    message:
        "The tables are in results/microstructures/*/sensitivity.csv"
