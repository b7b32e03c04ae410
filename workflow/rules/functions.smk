# What the rules ask for: input functions and params, by the settings alone. No rules here.


def targets_of(study):
    return settings.study(study)["targets"]


# Data


def name_options(domain):
    """The options for the columns that name rows and groups of rows, where there are any."""
    study = settings.study(settings.study_of(domain))
    return [
        f"--{role} {study[role]}" for role in ("group", "identifier") if role in study
    ]


# Microstructures

MICROSTRUCTURES = settings.values.get("microstructures", {"domains": {}})


def sample_names(domain):
    """The samples of a domain as its design numbers them; the batches follow from them."""
    return range(MICROSTRUCTURES["domains"][domain]["samples"])


def batches(wildcards):
    count = -(-len(sample_names(wildcards.generated)) // MICROSTRUCTURES["batch_size"])
    return [
        f"results/microstructures/{wildcards.generated}/batch_{number:04d}.parquet"
        for number in range(count)
    ]


def model_options(domain):
    """How a domain's samples are built, as options."""
    window = MICROSTRUCTURES["domains"][domain]
    return [
        f"--length {window['length_um']}",
        f"--width {window['width_um']}",
        f"--binder {MICROSTRUCTURES['binder']}",
        f"--concentrations {MICROSTRUCTURES['concentrations']}",
        f"--thickness {MICROSTRUCTURES['thickness']}",
    ]


# Models


def training_options():
    training = settings.values["training"]
    return [
        f"--epochs {training['epochs']}",
        f"--batch-size {training['batch_size']}",
        f"--loss {training['loss']}",
        f"--scaling {training['scaling']}",
        f"--seed {settings.values['seed']}",
    ]


def pooled_with(pattern):
    """An input function: files of the targets that the source is scaled with, if any."""

    def files(wildcards):
        if settings.values["training"]["scaling"] != "pooled":
            return []
        return expand(pattern, domain=targets_of(wildcards.study))

    return files


def pooled_options(wildcards, input):
    if not input.pooled_clean:
        return []
    return [
        "--pooled-clean",
        *input.pooled_clean,
        "--pooled-splits",
        *input.pooled_splits,
    ]


def rivals_input(wildcards):
    """What a rival method may know: the target's rows, the source's, and its networks."""
    source = settings.study(wildcards.study)["source"]
    models = f"results/models/{wildcards.study}/{wildcards.property}"
    return {
        "source_clean": f"results/clean/{source}.parquet",
        "source_splits": f"results/splits/{source}.parquet",
        "source_networks": f"{models}/{source}.npz",
        "clean": f"results/clean/{wildcards.target}.parquet",
        "splits": f"results/splits/{wildcards.target}.parquet",
    }


def rivals_options(wildcards):
    return [
        f"--study {wildcards.study}",
        f"--property {wildcards.property}",
        f"--domain {wildcards.target}",
        f"--recipe {HEADLINE}",
        f"--seed {settings.values['seed']}",
    ]


# Evaluation


def predictions_of(wildcards):
    """Those of the networks and, of a target, those of the rival methods."""
    names = [f"{wildcards.study}/{wildcards.property}/{wildcards.domain}.parquet"]
    folders = ["predictions"]
    if wildcards.domain in settings.study(wildcards.study)["targets"]:
        folders += ["rivals"] if settings.values["methods"] else []
    return [f"results/{folder}/{name}" for folder in folders for name in names]


def per_target(pattern, *studies):
    """A file for every property and target, property by property."""
    return [
        pattern.format(study=study, property=name, domain=target)
        for study in studies
        for name in settings.properties(study)
        for target in targets_of(study)
    ]


def per_domain(pattern):
    """A file for every target, study by study."""
    return [
        pattern.format(domain=target)
        for study in settings.studies
        for target in targets_of(study)
    ]


TABLE = settings.tables()

TABLES = [
    f"results/tables/{name}.{suffix}"
    for name in TABLE
    for suffix in ("csv", "md", "html")
]


VERDICT = [f"results/tables/verdict.{suffix}" for suffix in ("csv", "md", "html")]


def networks_of(wildcards):
    """The source's networks, then the domain's own where it is a target."""
    study = settings.study(wildcards.study)
    domains = dict.fromkeys([study["source"], wildcards.domain])
    return [
        f"results/models/{wildcards.study}/{wildcards.property}/{domain}.npz"
        for domain in domains
    ]


def per_task(pattern, study=None):
    """A file for every property and domain, of one study or of all."""
    return [
        pattern.format(study=task_study, property=name, domain=domain)
        for task_study, name, domain in settings.tasks()
        if study in (None, task_study)
    ]


def tables_of_kind(kind):
    return one_of(name for name, table in TABLE.items() if table.kind == kind)


def target_metrics(wildcards):
    """The errors of every property and target of a table's study."""
    return per_target(
        "results/metrics/{study}/{property}/{domain}.parquet",
        TABLE[wildcards.table].study,
    )


def target_splits(wildcards):
    return expand(
        "results/splits/{domain}.parquet",
        domain=targets_of(TABLE[wildcards.table].study),
    )


def table_param(method, *keys):
    """A params function: what `Settings` says of the table's study."""

    def text(wildcards):
        study = TABLE[wildcards.table].study
        if method == "targets":
            return settings.domains_json(study, *targets_of(study))
        if method == "origin":
            return settings.study(study)["origin"]
        if method == "judging_scheme":
            return settings.judging_scheme(study)
        return getattr(settings, f"{method}_json")(study, *keys)

    return text


def study_tables(kind, *studies):
    """The CSV of this kind of each study."""
    return [
        f"results/tables/{name}.csv"
        for study in studies
        for name, table in TABLE.items()
        if (table.kind, table.study) == (kind, study)
    ]


def table_title(wildcards):
    """A study's title: the report's category of its tables."""
    table = TABLE.get(wildcards.table)
    return settings.study(table.study)["title"] if table else "Run"


# Explanation


def network_options(wildcards, input):
    """The options that name the source's networks and, of a target, its own."""
    return [
        part
        for option, path in zip(("--source-networks", "--networks"), input.networks)
        for part in (option, path)
    ]


# Figures

FIGURE = settings.figures()

PICTURES = [f"{domain}_microstructure" for domain in settings.generated]

FIGURES = expand(
    "results/figures/{name}.{suffix}", name=[*FIGURE, *PICTURES], suffix=["svg", "png"]
)


def figures_of_kind(kind):
    return one_of(name for name, figure in FIGURE.items() if figure.kind == kind)


def figure_title(wildcards):
    """A study's title: the report's category of its figures."""
    return settings.study(FIGURE[wildcards.figure].study)["title"]


def figure_files(pattern, roles="source targets"):
    """An input function: a file for each property (or the figure's one) and domain."""

    def files(wildcards):
        figure = FIGURE[wildcards.figure]
        source, *targets = settings.domains(figure.study)
        domains = [
            *([source] if "source" in roles else []),
            *(targets if "targets" in roles else []),
        ]
        names = (
            [figure.property] if figure.property else settings.properties(figure.study)
        )
        return list(
            dict.fromkeys(
                pattern.format(study=figure.study, property=name, domain=domain)
                for name in names
                for domain in domains
            )
        )

    return files


def figure_table(kind):
    """An input function: the CSV of this kind of the figure's study."""
    return lambda wildcards: study_tables(kind, FIGURE[wildcards.figure].study)


def figure_param(method, roles="source targets"):
    """A params function: what `Settings` says of the figure's study, as JSON text."""

    def text(wildcards):
        figure = FIGURE[wildcards.figure]
        if method == "domains":
            source, *targets = settings.domains(figure.study)
            names = [source, *targets] if "source" in roles else targets
            return settings.domains_json(figure.study, *names)
        if method == "property":
            return settings.property_json(figure.study, figure.property)
        return getattr(settings, f"{method}_json")(figure.study)

    return text


def figure_origin(wildcards):
    return settings.study(FIGURE[wildcards.figure].study)["origin"]


# Report


def heavy_rules(study, domain):
    """The rules that take most of a run's time, of one property and domain."""
    if domain == settings.study(study)["source"]:
        return ["pretrain", "explain"]
    return ["transfer", "explain", *(["rivals"] if settings.values["methods"] else [])]


def rivals_files(suffix):
    """What the rival methods leave of each property and target, where there are any."""
    if not settings.values["methods"]:
        return []
    return per_target(
        f"results/rivals/{{study}}/{{property}}/{{domain}}.{suffix}", *settings.studies
    )


# The report's page


def report_studies():
    """What the page says of every study, in the config's order, as JSON text."""

    def entry(study, made):
        record = {"name": made.name, "kind": made.kind}
        if getattr(made, "property", None):
            label = settings.property_settings(study, made.property)["label"]
            record["property"] = label
        return record

    def of(made, study):
        return [entry(study, one) for one in made.values() if one.study == study]

    def pictures(study):
        return [
            {
                "name": f"{domain}_microstructure",
                "kind": "microstructure",
                "domain": domain,
            }
            for domain in settings.generated
            if domain in settings.domains(study)
        ]

    return json.dumps(
        [
            {
                "name": study,
                "title": settings.study(study)["title"],
                "origin": settings.study(study)["origin"],
                "domains": {
                    domain: settings.domain_label(domain)
                    for domain in settings.domains(study)
                },
                "properties": [
                    record["label"] for record in settings.study(study)["properties"]
                ],
                "figures": of(FIGURE, study) + pictures(study),
                "tables": of(TABLE, study),
            }
            for study in settings.studies
        ],
        ensure_ascii=False,
    )


def split_counts():
    """The numbers of splits, as JSON text."""
    split = settings.values["split"]
    sizes = min(split["repeats"], split.get("size_repeats", 0))
    return json.dumps({"repeats": split["repeats"], "size_repeats": sizes})


def page_captions():
    """The captions of the kinds of figures, and those of what every run has."""
    kinds = {figure.kind for figure in FIGURE.values()}
    kinds |= {"microstructure"} if settings.generated else set()
    return [beside(caption(kind)) for kind in sorted(kinds | {"rejected", "settings"})]


def page_parts():
    """The page's parts that are no Python, and which `library` therefore leaves out."""
    folder = BASE / "scripts" / "adaptrode" / "page"
    return [beside(folder / f"report.{suffix}") for suffix in ("css", "html", "js")]
