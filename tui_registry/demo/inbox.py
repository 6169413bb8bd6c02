"""The open requests, and what is being said about them."""

from tui_registry.demo.chronicle import Chronicle
from tui_registry.demo.clock import Minutes, Workday
from tui_registry.demo.happening import Happening
from tui_registry_server.wire.stage import Stage

ask, say, tag = Chronicle.ask, Chronicle.say, Chronicle.tag
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

HAPPENINGS = (
    # Minutes old.
    Happening(
        "fraud-card-realtime", Workday(2, 16.2), "tomasz", say, said=("Shadow, day 9: no surprises. Weekend too.",)
    ),
    Happening("fraud-card-realtime", Minutes(58), "ines", tag, said=("shadow_days", "14")),
    Happening("fraud-card-realtime", Minutes(14), "tomasz", ask, said=(PRODUCTION, CARD_FRAUD_WHY)),
    Happening(
        "fraud-card-realtime", Minutes(5), "ines", ask, said=(PRODUCTION, "+1, capacity is reserved until 17:00.")
    ),
    Happening(
        "fraud-card-realtime", Minutes(3), "imani", say, said=("I am in the air until tonight. Ada, could you?",)
    ),
    Happening(
        "chargeback-win-probability", Minutes(41), "imani", ask, said=(STAGING, "First one with the new scheme rules.")
    ),
    Happening(
        "mortgage-prepayment",
        Minutes(96),
        "lena",
        ask,
        said=(STAGING, "Includes the rate rise of last quarter. {metric} {value}, before {before}."),
    ),
    Happening(
        "parcel-volume-forecast", Minutes(320), "ada", ask, said=(STAGING, "On behalf of Jun, who is travelling.")
    ),
    # Yesterday's, or so.
    Happening("churn-retail", Workday(1, 9.4), "zoe", ask, said=(PRODUCTION, "The campaign on Thursday needs it.")),
    Happening(
        "churn-retail",
        Workday(1, 10.1),
        "owen",
        say,
        said=("Which customers does it find that version {holder} does not? I want to see the overlap first.",),
    ),
    Happening(
        "churn-retail",
        Minutes(210),
        "nadia",
        ask,
        said=(PRODUCTION, "Overlap of the top 2,000: 71 %. The new ones are mostly young families, see the run."),
    ),
    Happening(
        "search-ranking", Workday(2, 14.8), "mei", say, said=("Latency is the same, relevance judges prefer it 58:42.",)
    ),
    Happening(
        "search-ranking",
        Workday(1, 17.2),
        "ada",
        ask,
        said=(PRODUCTION, "Judged side by side, 58:42. Mei is on leave."),
    ),
    Happening(
        "ifrs9-lifetime-ecl-retail", Workday(1, 3.2), "jenkins", ask, said=(STAGING, "Scheduled: month-end retraining.")
    ),
    Happening(
        "demand-forecast-eu",
        Workday(3, 15.9),
        "sofia",
        say,
        said=("Bias in dairy is +1.9 %. Just inside. Jun, is that the heat wave?",),
    ),
    Happening(
        "demand-forecast-eu",
        Workday(3, 16.8),
        "jun",
        say,
        said=("Yes. Without those eleven days it is +0.4 %. Plots are in the run under `bias/dairy`.",),
    ),
    Happening(
        "demand-forecast-eu",
        Workday(1, 11.3),
        "jun",
        ask,
        said=(PRODUCTION, "{metric} {value} against {before}. Best before Wednesday's order run at 04:30."),
    ),
    # Last week's.
    Happening("credit-risk-pd", Workday(4, 9.8), "grace", say, said=(PD_REPORT,)),
    Happening("credit-risk-pd", Workday(4, 9.9), "grace", tag, said=("validated_by", "grace.adeyemi@example.com")),
    Happening("credit-risk-pd", Workday(3, 10.6), "lena", ask, said=(PRODUCTION, "Validated, see the report below.")),
    Happening(
        "需要予測-関東-店舗別",
        Workday(3, 13.7),
        "jun",
        ask,
        said=(PRODUCTION, "関東の全店舗で {metric} {before} → {value}。並行評価は完了しました。"),
    ),
    Happening(
        "next-best-offer",
        Workday(4, 14.3),
        "zoe",
        ask,
        said=(STAGING, "Learns from the last campaign. Needs the GPU pool on the test cluster."),
    ),
    Happening(
        "price-elasticity",
        Workday(5, 15.1),
        "pablo",
        ask,
        said=(
            ARCHIVED,
            "Pricing moved to the vendor's tool on the 1st. Nobody calls this any more, says the gateway log.",
        ),
    ),
    # Old ones, that somebody should look at.
    Happening(
        "Kreditwürdigkeit – Privatkunden (DACH)", Workday(7, 11.5), "lena", ask, said=(STAGING, "Für den Parallellauf.")
    ),
    Happening("Kreditwürdigkeit – Privatkunden (DACH)", Workday(7, 11.9), "oskar", ask, said=(STAGING,)),
    Happening(
        "fleet-predictive-maintenance",
        Workday(9, 9.2),
        "marc",
        ask,
        said=(PRODUCTION, "Workshop in Rotterdam tried it for two weeks: 9 of 11 vans flagged had a real defect."),
    ),
    Happening(
        "demand-forecast-fresh-produce-per-store-and-article-with-promotions-weather-and-school-holidays-quantiles-"
        "p10-p50-p90",
        Workday(12, 10.4),
        "jun",
        ask,
        said=(PRODUCTION, "P90 no longer undershoots on Saturdays."),
    ),
    Happening(
        "aml-transaction-monitoring",
        Workday(17, 10.2),
        "lena",
        ask,
        said=(PRODUCTION, "{metric} {value}, before {before}. Compliance has signed, ticket AML-771."),
    ),
    Happening("aml-transaction-monitoring", Workday(8, 9.1), "lena", say, said=(REMINDER,)),
    Happening(
        "aml-transaction-monitoring",
        Workday(6, 16.6),
        "ravi",
        say,
        said=("Compliance signed version {holder}, not this one. @Grace, does it need a new signature?",),
    ),
    Happening("[beta] reviews-sentiment", Workday(23, 16.5), "zoe", ask, said=(STAGING,)),
)
