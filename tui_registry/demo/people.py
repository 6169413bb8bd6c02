"""The users, a build server, their teams, and their permissions on the whole registry."""

from dataclasses import dataclass

from tui_registry_server.wire.permission import PermissionLevel as Level


@dataclass(frozen=True, slots=True)
class Person:
    """``name`` is the user's name; ``display_name`` the full name."""

    name: str
    display_name: str


ADMIN = "ada@example.com"
"""The user of the demo's console, an administrator, who creates all other accounts."""

JENKINS = "svc-jenkins-retraining"
"""A service principal, which registers the results of nightly trainings."""

PEOPLE = {
    "ravi": Person("ravi.menon@example.com", "Ravi Menon"),  # Lead, risk modelling
    "lena": Person("lena.hoffmann@example.com", "Lena Hoffmann"),  # Data scientist, risk
    "oskar": Person("oskar.lund@example.com", "Oskar Lund"),  # Data scientist, risk
    "imani": Person("imani.osei@example.com", "Imani Osei"),  # Lead, fraud detection
    "tomasz": Person("tomasz.wilk@example.com", "Tomasz Wilk"),  # Data scientist, fraud
    "ines": Person("ines.carvalho@example.com", "Inês Carvalho"),  # ML engineer, risk and fraud
    "sofia": Person("sofia.lindqvist@example.com", "Sofia Lindqvist"),  # Lead, supply chain
    "jun": Person("jun.takeda@example.com", "武田 純 (Jun Takeda)"),  # Data scientist, forecasting
    "pablo": Person("pablo.reyes@example.com", "Pablo Reyes"),  # Data scientist, pricing and routing
    "marc": Person("marc.dubois@example.com", "Marc Dubois"),  # ML engineer, logistics
    "owen": Person("owen.price@example.com", "Owen Price"),  # Lead, customer analytics
    "nadia": Person("nadia.haddad@example.com", "Nadia Haddad"),  # Data scientist, retention
    "zoe": Person("zoë.vermeulen@example.com", "Zoë Vermeulen"),  # Data scientist, personalisation
    "mei": Person("mei.chen@example.com", "Mei Chen"),  # ML engineer, platform
    "grace": Person("grace.adeyemi@example.com", "Grace Adeyemi"),  # Independent model validation
    "helene": Person("helene.fabre@example.com", "Hélène Fabre"),  # Head of data science
    "kim": Person("kim.larsen@example.com", "Kim Larsen"),  # Business analyst
}

NAMES = {key: person.name for key, person in PEOPLE.items()} | {"ada": ADMIN, "jenkins": JENKINS}
"""User names by the short names that the demo's files use."""


@dataclass(frozen=True, slots=True)
class Team:
    """Who decides what: the engineer on Staging, the lead on Production, for ``strict`` models a validator too."""

    group: str
    lead: str
    engineer: str


TEAMS = {
    "risk": Team("risk-modelling", lead="ravi", engineer="ines"),
    "fraud": Team("fraud-detection", lead="imani", engineer="ines"),
    "supply": Team("supply-chain", lead="sofia", engineer="marc"),
    "customer": Team("customer-analytics", lead="owen", engineer="mei"),
}

VALIDATION = "model-validation"

GROUPS = {
    "risk-modelling": ("ravi", "lena", "oskar"),
    "fraud-detection": ("imani", "tomasz"),
    "supply-chain": ("sofia", "jun", "pablo"),
    "customer-analytics": ("owen", "nadia", "zoe"),
    "ml-engineers": ("ines", "marc", "mei"),
    VALIDATION: ("grace",),
    "data-science": ("risk-modelling", "fraud-detection", "supply-chain", "customer-analytics"),
}
"""Members are people, or groups named further up."""

ROOT_GRANTS = (
    ("group_name", "users", Level.CAN_CREATE_REGISTERED_MODEL),
    ("group_name", "data-science", Level.CAN_READ),
    ("group_name", VALIDATION, Level.CAN_READ),
    ("group_name", "ml-engineers", Level.CAN_MANAGE_STAGING_VERSIONS),
    ("user_name", NAMES["helene"], Level.CAN_MANAGE_PRODUCTION_VERSIONS),
    ("service_principal_name", JENKINS, Level.CAN_EDIT),
)
"""On the whole registry. The admin's CAN_MANAGE comes with the group ``admins``; Kim has only grants on single
models."""
