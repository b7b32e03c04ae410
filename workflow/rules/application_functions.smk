# What the rules of application.smk ask for. No rules here.

APPLICATION = settings.values["application"]


def asked_targets():
    """The target named by `--config target=NAME`, else those of the first study."""
    named = settings.values.get("target")
    targets = [
        domain
        for study in settings.studies
        for domain in settings.study(study)["targets"]
    ]
    if named is None:
        return settings.study(settings.studies[0])["targets"]
    if named not in targets:
        raise WorkflowError(
            f"\n--config target={named}: there is no such target\n"
            f"  allowed: {', '.join(targets)}"
        )
    return [named]


def candidates_file(wildcards):
    named = settings.values.get("candidates")
    if named is None:
        raise WorkflowError(
            "\nwhich candidates? give a CSV with a column for each feature:\n"
            "  snakemake predict --config candidates=new.csv"
        )
    if not Path(named).exists():
        raise WorkflowError(f"\n{named}: the file of candidates does not exist")
    return str(named)


def networks_of_properties(part):
    """An input function: the source's or the target's networks of every property."""

    def files(wildcards):
        study = settings.study_of(wildcards.target)
        domain = (
            settings.study(study)["source"] if part == "source" else wildcards.target
        )
        return [
            f"results/models/{study}/{name}/{domain}.npz"
            for name in settings.properties(study)
        ]

    return files


def source_table(wildcards):
    source = settings.study(settings.study_of(wildcards.target))["source"]
    return f"results/clean/{source}.parquet"


def group_option(target):
    group = settings.study(settings.study_of(target)).get("group")
    return f"--group {group}" if group else ""


def given_json(name):
    """A mapping from `--config`, which gives numbers as text, as JSON."""

    def number(value):
        try:
            return float(value)
        except ValueError:
            return value

    given = settings.values.get(name) or {}
    return json.dumps({key: number(value) for key, value in given.items()})


def wanted_json(wildcards):
    """The wanted values, checked before the job would delete what it made last."""
    study = settings.study_of(wildcards.target)
    for name in settings.values.get("wanted", {}):
        if name not in settings.properties(study):
            raise WorkflowError(
                f"\n--config wanted=...: '{name}' is no property of {wildcards.target}\n"
                f"  allowed: {', '.join(settings.properties(study))}"
            )
    return given_json("wanted")


def verdict_if_asked(wildcards):
    """The table of verdicts, where it is to say which method is used."""
    recommended = APPLICATION["method"] == "recommended"
    return ["results/tables/verdict.csv"] if recommended else []
