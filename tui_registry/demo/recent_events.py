"""Hand-written events of the last weeks: a rollback, decided requests, and discussions."""

from tui_registry.demo.call_builder import CallBuilder
from tui_registry.demo.clock import Minutes, Workday
from tui_registry.demo.event import Event
from tui_registry_server.wire.stage import Stage

alias, approve, request, cancel = CallBuilder.alias, CallBuilder.approve, CallBuilder.request, CallBuilder.cancel
describe, transition, reject, comment, tag = (
    CallBuilder.describe,
    CallBuilder.transition,
    CallBuilder.reject,
    CallBuilder.comment,
    CallBuilder.tag,
)
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

EVENTS = (
    # A rollback.
    Event(
        "account-takeover",
        Workday(15, 9.3),
        "kim",
        comment,
        arguments=("Call centre reports lock-outs since a quarter to eight.",),
    ),
    Event(
        "account-takeover",
        Workday(15, 9.6),
        "tomasz",
        comment,
        arguments=("Blocked sessions: 4.1 %, normal is 0.3 %. On it.",),
    ),
    Event(
        "account-takeover",
        Workday(15, 9.9),
        "imani",
        transition,
        1,
        (PRODUCTION, "Rollback: version {version} locks customers out."),
    ),
    Event("account-takeover", Workday(15, 10.0), "ines", alias, 1, ("champion",)),
    Event("account-takeover", Workday(15, 12.3), "ines", comment, arguments=("Back to 0.3 % since 10:05.",)),
    Event("account-takeover", Workday(12, 16.4), "tomasz", comment, arguments=(POSTMORTEM,)),
    Event("account-takeover", Workday(12, 16.5), "tomasz", describe, arguments=(BROKEN,)),
    Event("account-takeover", Workday(12, 16.6), "tomasz", tag, arguments=("do_not_use", "true")),
    # Requests that were rejected, cancelled, approved.
    Event(
        "eta-last-mile", Workday(3, 9.7), "pablo", request, arguments=(ARCHIVED, "Superseded by the vendor's estimate?")
    ),
    Event("eta-last-mile", Workday(3, 11.2), "sofia", comment, arguments=("No! The vendor's is for long haul only.",)),
    Event("eta-last-mile", Workday(3, 11.3), "sofia", reject, arguments=(ARCHIVED, "In use on every parcel page.")),
    Event("route-travel-times", Workday(2, 10.2), "marc", comment, arguments=(TRACE,)),
    Event("route-travel-times", Workday(2, 15.4), "pablo", comment, arguments=("Thanks, fixed in the next run.",)),
    Event(
        "stockout-risk", Workday(2, 13.3), "pablo", request, 1, (STAGING, "For the comparison with the shelf cameras.")
    ),
    Event("stockout-risk", Minutes(265), "pablo", cancel, 1, (STAGING, "Cameras are postponed to next quarter.")),
    # This morning's.
    Event(
        "merchant-risk-score",
        Workday(1, 16.1),
        "imani",
        request,
        arguments=(ARCHIVED, "Clearing up: replaced by the monthly one."),
    ),
    Event(
        "merchant-risk-score",
        Minutes(187),
        "helene",
        reject,
        arguments=(ARCHIVED, "The monthly one is not live yet. Later."),
    ),
    Event(
        "credit-risk-lgd",
        Workday(1, 15.2),
        "oskar",
        comment,
        arguments=("Downturn add-on confirmed by finance: +4.5 points.",),
    ),
    Event("product-recommendations", Minutes(133), "mei", comment, arguments=("Cache hit rate is back at 96 %.",)),
    Event(
        "sme-loan-scoring", Workday(1, 14.4), "nadia", request, 1, (STAGING, "Challenger for the pilot in the south.")
    ),
    Event("sme-loan-scoring", Minutes(74), "ines", approve, 1, (STAGING, "Staged for the pilot.")),
)
