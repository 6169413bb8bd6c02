"""The models of risk modelling: regulated, slow, thoroughly validated."""

from tui_registry.demo.clock import Minutes, Workday
from tui_registry.demo.model_card import Card, Ending, Flow
from tui_registry_server.wire.permission import PermissionLevel as Level

CARDS = (
    Card(
        name="credit-risk-pd",
        team="risk",
        owner="lena",
        about="""# Probability of default, retail portfolio

Twelve-month PD for instalment loans and overdrafts. Feeds pricing, limits and the **IRB** capital figures.

- *Target*: 90 days past due within 12 months
- *Population*: accounts older than 6 months, without staff accounts
- *Owner*: risk modelling; validated by model validation **before every release**

See the model inventory, entry `MR-0114`.
""",
        framework="xgboost",
        metric=("gini", 0.612, 0.006),
        dataset="retail_loans",
        born=196,
        versions=12,
        flow=Flow.STRICT,
        ending=Ending.STAGED,
        last=Workday(9, 10.6),
        readers=(("kim", Level.CAN_READ),),
        tags=(("inventory_id", "MR-0114"), ("tier", "1"), ("regulation", "IRB")),
    ),
    Card(
        name="credit-risk-lgd",
        team="risk",
        owner="oskar",
        about="Loss given default, secured and unsecured. Downturn add-on is applied **outside** the model.",
        framework="lightgbm",
        metric=("mae", 0.148, -0.003),
        dataset="workout_cases",
        born=188,
        versions=6,
        flow=Flow.STRICT,
        tags=(("inventory_id", "MR-0115"), ("tier", "1"), ("regulation", "IRB")),
    ),
    Card(
        name="credit-risk-ead-corporate",
        team="risk",
        owner="oskar",
        about="Exposure at default for corporate credit lines. Few defaults, wide intervals: read validation's notes.",
        framework="statsmodels",
        metric=("rmse", 0.231, -0.002),
        dataset="corporate_lines",
        born=171,
        versions=4,
        flow=Flow.STRICT,
        ending=Ending.REJECTED,
        tags=(("inventory_id", "MR-0131"), ("tier", "2"), ("regulation", "IRB")),
    ),
    Card(
        name="mortgage-prepayment",
        team="risk",
        owner="lena",
        about="Monthly prepayment rate per mortgage, for the treasury's interest-rate hedge.",
        framework="scikit-learn",
        metric=("auc", 0.741, 0.004),
        dataset="mortgage_book",
        born=160,
        versions=7,
        flow=Flow.STRICT,
        ending=Ending.FRESH,
        last=Minutes(118),
        tags=(("inventory_id", "MR-0122"), ("tier", "2")),
    ),
    Card(
        name="ifrs9-lifetime-ecl-retail",
        team="risk",
        owner="oskar",
        about="Lifetime expected credit loss under IFRS 9, three macro scenarios. Runs at month end, finance waits.",
        framework="pytorch",
        metric=("r2", 0.701, 0.006),
        dataset="ifrs9_snapshots",
        born=150,
        versions=7,
        flow=Flow.STRICT,
        ending=Ending.FRESH,
        last=Workday(1, 3.1),
        nightly=True,
        tags=(("inventory_id", "MR-0140"), ("tier", "1"), ("regulation", "IFRS 9")),
    ),
    Card(
        name="sme-loan-scoring",
        team="risk",
        owner="lena",
        about="Application score for loans to small firms, from account transactions and the annual accounts.",
        framework="xgboost",
        metric=("gini", 0.523, 0.008),
        dataset="sme_applications",
        born=143,
        versions=6,
        flow=Flow.STRICT,
        ending=Ending.LIVE,
        readers=(("nadia", Level.CAN_EDIT),),
        tags=(("inventory_id", "MR-0137"), ("tier", "2")),
    ),
    Card(
        name="collections-propensity",
        team="risk",
        owner="oskar",
        about="Who pays after a reminder. Orders the collections desk's call list; never used to decide on credit.",
        framework="lightgbm",
        metric=("auc", 0.694, 0.005),
        dataset="collections_calls",
        born=120,
        versions=5,
    ),
    Card(
        name="aml-transaction-monitoring",
        team="risk",
        owner="lena",
        about="""## Money-laundering alerts

Ranks the alerts of the rule engine. It **suppresses nothing**: the lowest decile is sampled by hand each week.

| queue | share of alerts | target precision |
|---|---|---|
| A | 10 % | 0.40 |
| B | 30 % | 0.15 |
| C | 60 % | sampled |
""",
        framework="catboost",
        metric=("precision_at_10pct", 0.287, 0.011),
        dataset="aml_alerts",
        born=133,
        versions=7,
        flow=Flow.STRICT,
        ending=Ending.STAGED,
        last=Workday(24, 14.2),
        tags=(("inventory_id", "MR-0150"), ("tier", "1"), ("regulation", "AMLD6"), ("data_class", "restricted")),
    ),
    Card(
        name="Kreditwürdigkeit – Privatkunden (DACH)",
        team="risk",
        owner="lena",
        about="Antragsscore für Privatkunden in DE, AT und CH. Übernommen aus dem Altsystem, samt seinem Namen.",
        framework="scikit-learn",
        metric=("gini", 0.571, 0.004),
        dataset="antraege_dach",
        born=98,
        versions=5,
        flow=Flow.STRICT,
        ending=Ending.FRESH,
        last=Workday(8, 11.3),
        tags=(("inventory_id", "MR-0162"), ("tier", "2"), ("sprache", "de")),
    ),
)
