# The settings of the run, where its time went, and one page with everything.


BENCHMARKS = {
    f"results/benchmarks/{rule}/{study}/{name}/{domain}.tsv": rule
    for study, name, domain in settings.tasks()
    for rule in (
        "pretrain" if domain == settings.study(study)["source"] else "transfer",
        "explain",
    )
}


rule seconds:
    message:
        "Adding up where the time went"
    input:
        script=code("tabulate_seconds.py"),
        library=library("tabulate_seconds.py"),
        benchmarks=list(BENCHMARKS),
    output:
        csv="results/tables/seconds.csv",
        markdown="results/tables/seconds.md",
    params:
        rules=list(BENCHMARKS.values()),
    log:
        "results/logs/seconds.log",
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    conda:
        "../../envs/data.yaml"
    shell:
        "python {input.script} --benchmarks {input.benchmarks} --rules {params.rules}"
        " --csv {output.csv} --markdown {output.markdown} --log {log}"


rule write_settings:
    message:
        "Keeping the settings of this run"
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
    params:
        settings=json.dumps(settings.values, ensure_ascii=False),
    log:
        "results/logs/write_settings.log",
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    conda:
        "../../envs/data.yaml"
    shell:
        "python {input.script} --settings {params.settings:q} --output {output} --log {log}"


rule report:
    message:
        "Putting everything into one page"
    input:
        settings=rules.write_settings.output,
        results=rules.results.input,
    output:
        "results/report.html",
    params:
        snakefile=beside(workflow.main_snakefile),
    log:
        "results/logs/report.log",
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "snakemake --snakefile {params.snakefile:q} --configfile {input.settings}"
        " --cores 1 --report {output} results > {log} 2>&1"
