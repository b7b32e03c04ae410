# The settings of the run, where its time went, and the page that shows everything.


# What a run is for; the report shows it.
RESULTS = [
    *VERDICT,
    *TABLES,
    *FIGURES,
    "results/tables/seconds.html",
    "results/tables/methods.html",
    *per_task("results/models/{study}/{property}/{domain}.keras"),
    *per_task("results/models/{study}/{property}/{domain}.json"),
    *expand("results/clean/{domain}.rejected.csv", domain=settings.all_domains),
]
BENCHMARKS = {
    f"results/benchmarks/{rule}/{study}/{name}/{domain}.tsv": rule
    for study, name, domain in settings.tasks()
    for rule in heavy_rules(study, domain)
}


rule seconds:
    input:
        script=code("tabulate_seconds.py"),
        library=library("tabulate_seconds.py"),
        benchmarks=list(BENCHMARKS),
        fits=per_target(
            "results/models/{study}/{property}/{domain}.seconds.parquet",
            *settings.studies,
        )
        + rivals_files("seconds.parquet"),
    output:
        csv="results/tables/seconds.csv",
        markdown="results/tables/seconds.md",
    log:
        "results/logs/seconds.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(300),
        runtime=5,
    params:
        rules=list(BENCHMARKS.values()),
    message:
        "Adding up where the time went"
    shell:
        "python {input.script} --benchmarks {input.benchmarks} --rules {params.rules}"
        " --fits {input.fits}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule write_settings:
    input:
        script=code("write_settings.py"),
        library=library("write_settings.py"),
    output:
        report(
            "results/settings.yaml",
            caption="../report/settings.rst",
            category="Run",
            labels={"what": "settings"},
        ),
    log:
        "results/logs/write_settings.log",
    conda:
        "../../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=growing(300),
        runtime=5,
    params:
        settings=json.dumps(settings.values, ensure_ascii=False),
    message:
        "Keeping the settings of this run"
    shell:
        "python {input.script} --settings {params.settings:q} --output {output} --log {log}"


rule workflow_report:
    input:
        settings=rules.write_settings.output,
        results=RESULTS,
    output:
        "results/workflow_report.html",
    log:
        "results/logs/workflow_report.log",
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        snakefile=beside(workflow.main_snakefile),
    message:
        "Putting down which job made each file"
    shell:
        "snakemake --snakefile {params.snakefile:q} --configfile {input.settings}"
        " --cores 1 --report {output} results > {log} 2>&1"


rule report:
    input:
        script=code("build_report.py"),
        library=library("build_report.py"),
        parts=page_parts(),
        captions=page_captions(),
        verdict="results/tables/verdict.md",
        tables=expand("results/tables/{name}.md", name=[*TABLE, "methods"]),
        figures=FIGURES,
        settings=rules.write_settings.output,
        # Only linked to.
        links=[
            *rules.workflow_report.output,
            *expand("results/tables/{name}.csv", name=[*TABLE, "methods"]),
            *expand(
                "results/clean/{domain}.rejected.csv", domain=settings.all_domains
            ),
        ],
    output:
        "results/report.html",
    log:
        "results/logs/report.log",
    conda:
        "../../envs/plotting.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        studies=report_studies(),
        counts=split_counts(),
    message:
        "Putting everything into one page"
    shell:
        "python {input.script} --studies {params.studies:q} --counts {params.counts:q}"
        " --verdict {input.verdict} --tables {input.tables} --figures {input.figures}"
        " --captions {input.captions} --settings {input.settings} --links {input.links}"
        " --page {output} --log {log}"
