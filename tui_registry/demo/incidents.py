"""Stories from the last weeks, told by hand: a rollback, and what teams say to each other."""

from tui_registry.demo.chronicle import Chronicle
from tui_registry.demo.clock import Minutes, Workday
from tui_registry.demo.happening import Happening
from tui_registry_server.wire.stage import Stage

alias, approve, ask, cancel = Chronicle.alias, Chronicle.approve, Chronicle.ask, Chronicle.cancel
describe, move, reject, say, tag = Chronicle.describe, Chronicle.move, Chronicle.reject, Chronicle.say, Chronicle.tag
PRODUCTION, STAGING, ARCHIVED = Stage.PRODUCTION, Stage.STAGING, Stage.ARCHIVED

POSTMORTEM = """### Post-mortem: account lock-outs

- **Impact**: 1,412 customers had to call to log in, for 2 h 10 min.
- **Cause**: the app's new release sends `session_age` in seconds; the model was trained on minutes.
- **Found by**: the call centre. *Not* by our monitoring.
- **Fix**: rolled back; the feature now carries its unit in the name.

Actions:
1. alert on the share of blocked sessions (Tomasz, done)
2. schema check in the scoring service (Inês, in review)
3. replay of app releases in shadow (Imani, planned)
"""

BROKEN = """**Do not use.** Trained on `session_age` in minutes, served with seconds: see the post-mortem.

Kept for the record, in Archived."""

TRACE = """Fails on the new depot codes:

```
KeyError: 'NL-RTM-04'
  File "features/depot.py", line 88, in encode
    return self.codes[depot]
```

Codes of unknown depots should fall back to the region."""

HAPPENINGS = (
    # A rollback.
    Happening(
        "account-takeover",
        Workday(15, 9.3),
        "kim",
        say,
        said=("Call centre reports lock-outs since a quarter to eight.",),
    ),
    Happening(
        "account-takeover", Workday(15, 9.6), "tomasz", say, said=("Blocked sessions: 4.1 %, normal is 0.3 %. On it.",)
    ),
    Happening(
        "account-takeover",
        Workday(15, 9.9),
        "imani",
        move,
        1,
        (PRODUCTION, "Rollback: version {version} locks customers out."),
    ),
    Happening("account-takeover", Workday(15, 10.0), "ines", alias, 1, ("champion",)),
    Happening("account-takeover", Workday(15, 12.3), "ines", say, said=("Back to 0.3 % since 10:05.",)),
    Happening("account-takeover", Workday(12, 16.4), "tomasz", say, said=(POSTMORTEM,)),
    Happening("account-takeover", Workday(12, 16.5), "tomasz", describe, said=(BROKEN,)),
    Happening("account-takeover", Workday(12, 16.6), "tomasz", tag, said=("do_not_use", "true")),
    # Requests that were refused, taken back, granted.
    Happening("eta-last-mile", Workday(3, 9.7), "pablo", ask, said=(ARCHIVED, "Superseded by the vendor's estimate?")),
    Happening("eta-last-mile", Workday(3, 11.2), "sofia", say, said=("No! The vendor's is for long haul only.",)),
    Happening("eta-last-mile", Workday(3, 11.3), "sofia", reject, said=(ARCHIVED, "In use on every parcel page.")),
    Happening("route-travel-times", Workday(2, 10.2), "marc", say, said=(TRACE,)),
    Happening("route-travel-times", Workday(2, 15.4), "pablo", say, said=("Thanks, fixed in the next run.",)),
    Happening(
        "stockout-risk", Workday(2, 13.3), "pablo", ask, 1, (STAGING, "For the comparison with the shelf cameras.")
    ),
    Happening("stockout-risk", Minutes(265), "pablo", cancel, 1, (STAGING, "Cameras are postponed to next quarter.")),
    # This morning's.
    Happening(
        "merchant-risk-score",
        Workday(1, 16.1),
        "imani",
        ask,
        said=(ARCHIVED, "Clearing up: replaced by the monthly one."),
    ),
    Happening(
        "merchant-risk-score",
        Minutes(187),
        "helene",
        reject,
        said=(ARCHIVED, "The monthly one is not live yet. Later."),
    ),
    Happening(
        "credit-risk-lgd", Workday(1, 15.2), "oskar", say, said=("Downturn add-on confirmed by finance: +4.5 points.",)
    ),
    Happening("product-recommendations", Minutes(133), "mei", say, said=("Cache hit rate is back at 96 %.",)),
    Happening(
        "sme-loan-scoring", Workday(1, 14.4), "nadia", ask, 1, (STAGING, "Challenger for the pilot in the south.")
    ),
    Happening("sme-loan-scoring", Minutes(74), "ines", approve, 1, (STAGING, "Staged for the pilot.")),
)
