"""The open requests, and the comments on them."""

from tui_registry.demo.call_builder import CallBuilder
from tui_registry.demo.clock import Minutes, Workday
from tui_registry.demo.event import Event
from tui_registry_server.wire.stage import Stage

request, comment, tag = CallBuilder.request, CallBuilder.comment, CallBuilder.tag
PRODUCTION, STAGING, ARCHIVED = Stage.PRODUCTION, Stage.STAGING, Stage.ARCHIVED

CARD_FRAUD_WHY = """Two weeks of shadow traffic are over.

| | version {holder} | version {version} |
|---|---|---|
| {metric} | {before} | **{value}** |
| p99 latency | 31 ms | 28 ms |
| alerts per day | 2,310 | 2,295 |

Rollback: version {holder} stays warm until tomorrow noon."""

PD_REPORT = """## Validation report, short form

**Scope**: version {version} against version {holder}, on the out-of-time sample.

1. *Discrimination*: {metric} {value}, before {before}. Within tolerance in all segments but students (n = 212).
2. *Calibration*: binomial test passes in 11 of 12 rating classes; class 9 is conservative.
3. *Stability*: PSI 0.06. Largest single variable: `utilisation_12m`, 0.09.
4. *Use test*: pricing confirmed that no cut-off moves by more than 4 points.

**Findings**: none high, one low (the fallback for a missing bureau score is not documented).

Full report: https://wiki.example.com/validation/MR-0114

Recommendation: **release**, finding to be closed within 90 days."""

REMINDER = "Still waiting. The annual review of the regulator is on the 15th, and version {holder} has an open finding."

EVENTS = (
    # Minutes old.
    Event(
        "fraud-card-realtime",
        Workday(2, 16.2),
        "tomasz",
        comment,
        arguments=("Shadow, day 9: no surprises. Weekend too.",),
    ),
    Event("fraud-card-realtime", Minutes(58), "ines", tag, arguments=("shadow_days", "14")),
    Event("fraud-card-realtime", Minutes(14), "tomasz", request, arguments=(PRODUCTION, CARD_FRAUD_WHY)),
    Event(
        "fraud-card-realtime",
        Minutes(5),
        "ines",
        request,
        arguments=(PRODUCTION, "+1, capacity is reserved until 17:00."),
    ),
    Event(
        "fraud-card-realtime",
        Minutes(3),
        "imani",
        comment,
        arguments=("I am in the air until tonight. Ada, could you?",),
    ),
    Event(
        "chargeback-win-probability",
        Minutes(41),
        "imani",
        request,
        arguments=(STAGING, "First one with the new scheme rules."),
    ),
    Event(
        "mortgage-prepayment",
        Minutes(96),
        "lena",
        request,
        arguments=(STAGING, "Includes the rate rise of last quarter. {metric} {value}, before {before}."),
    ),
    Event(
        "parcel-volume-forecast",
        Minutes(320),
        "ada",
        request,
        arguments=(STAGING, "On behalf of Jun, who is travelling."),
    ),
    # Yesterday's, or so.
    Event(
        "churn-retail", Workday(1, 9.4), "zoe", request, arguments=(PRODUCTION, "The campaign on Thursday needs it.")
    ),
    Event(
        "churn-retail",
        Workday(1, 10.1),
        "owen",
        comment,
        arguments=("Which customers does it find that version {holder} does not? I want to see the overlap first.",),
    ),
    Event(
        "churn-retail",
        Minutes(210),
        "nadia",
        request,
        arguments=(PRODUCTION, "Overlap of the top 2,000: 71 %. The new ones are mostly young families, see the run."),
    ),
    Event(
        "search-ranking",
        Workday(2, 14.8),
        "mei",
        comment,
        arguments=("Latency is the same, relevance judges prefer it 58:42.",),
    ),
    Event(
        "search-ranking",
        Workday(1, 17.2),
        "ada",
        request,
        arguments=(PRODUCTION, "Judged side by side, 58:42. Mei is on leave."),
    ),
    Event(
        "ifrs9-lifetime-ecl-retail",
        Workday(1, 3.2),
        "jenkins",
        request,
        arguments=(STAGING, "Scheduled: month-end retraining."),
    ),
    Event(
        "demand-forecast-eu",
        Workday(3, 15.9),
        "sofia",
        comment,
        arguments=("Bias in dairy is +1.9 %. Just inside. Jun, is that the heat wave?",),
    ),
    Event(
        "demand-forecast-eu",
        Workday(3, 16.8),
        "jun",
        comment,
        arguments=("Yes. Without those eleven days it is +0.4 %. Plots are in the run under `bias/dairy`.",),
    ),
    Event(
        "demand-forecast-eu",
        Workday(1, 11.3),
        "jun",
        request,
        arguments=(PRODUCTION, "{metric} {value} against {before}. Best before Wednesday's order run at 04:30."),
    ),
    # Last week's.
    Event("credit-risk-pd", Workday(4, 9.8), "grace", comment, arguments=(PD_REPORT,)),
    Event("credit-risk-pd", Workday(4, 9.9), "grace", tag, arguments=("validated_by", "grace.adeyemi@example.com")),
    Event(
        "credit-risk-pd", Workday(3, 10.6), "lena", request, arguments=(PRODUCTION, "Validated, see the report below.")
    ),
    Event(
        "需要予測-関東-店舗別",
        Workday(3, 13.7),
        "jun",
        request,
        arguments=(PRODUCTION, "関東の全店舗で {metric} {before} → {value}。並行評価は完了しました。"),
    ),
    Event(
        "next-best-offer",
        Workday(4, 14.3),
        "zoe",
        request,
        arguments=(STAGING, "Learns from the last campaign. Needs the GPU pool on the test cluster."),
    ),
    Event(
        "price-elasticity",
        Workday(5, 15.1),
        "pablo",
        request,
        arguments=(
            ARCHIVED,
            "Pricing moved to the vendor's tool on the 1st. Nobody calls this any more, says the gateway log.",
        ),
    ),
    # Overdue ones.
    Event(
        "Kreditwürdigkeit – Privatkunden (DACH)",
        Workday(7, 11.5),
        "lena",
        request,
        arguments=(STAGING, "Für den Parallellauf."),
    ),
    Event("Kreditwürdigkeit – Privatkunden (DACH)", Workday(7, 11.9), "oskar", request, arguments=(STAGING,)),
    Event(
        "fleet-predictive-maintenance",
        Workday(9, 9.2),
        "marc",
        request,
        arguments=(PRODUCTION, "Workshop in Rotterdam tried it for two weeks: 9 of 11 vans flagged had a real defect."),
    ),
    Event(
        "demand-forecast-fresh-produce-per-store-and-article-with-promotions-weather-and-school-holidays-quantiles-"
        "p10-p50-p90",
        Workday(12, 10.4),
        "jun",
        request,
        arguments=(PRODUCTION, "P90 no longer undershoots on Saturdays."),
    ),
    Event(
        "aml-transaction-monitoring",
        Workday(17, 10.2),
        "lena",
        request,
        arguments=(PRODUCTION, "{metric} {value}, before {before}. Compliance has signed, ticket AML-771."),
    ),
    Event("aml-transaction-monitoring", Workday(8, 9.1), "lena", comment, arguments=(REMINDER,)),
    Event(
        "aml-transaction-monitoring",
        Workday(6, 16.6),
        "ravi",
        comment,
        arguments=("Compliance signed version {holder}, not this one. @Grace, does it need a new signature?",),
    ),
    Event("[beta] reviews-sentiment", Workday(23, 16.5), "zoe", request, arguments=(STAGING,)),
)
