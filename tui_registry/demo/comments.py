"""Comments by occasion, picked at random and formatted with facts of the version.

{version} is the version commented on, {value} its {metric}; {holder} the version in Production, {before} its {metric};
{dataset} the training data; {p99}, {days}, {psi} are plausible random values.
"""

WHY_STAGE = (
    "Retrained on {dataset}, ready for shadow traffic.",
    "{metric} {value} on the holdout. Please stage it so that we can compare for {days} days.",
    "Same features as before, newer data. Needs a shadow run.",
    "New feature group, see the run. I would like to see it next to the live one first.",
    "Fixes the missing-value handling that we found last sprint.",
)

WHY_PRODUCTION = {
    "risk": (
        "{metric} {value} against {before} of version {holder}; calibration holds in every rating class.",
        "Validation has no open findings. {metric} {value}. PSI {psi} against development.",
        "Backtest over four quarters attached to the run. {metric} {value}, before {before}.",
        "The finding on missing values is closed. {metric} {value}, before {before}.",
        "Committee agreed on the margin of conservatism; minutes are in the run.",
        "Quarterly recalibration on {dataset}. No new variables, no change of the rating scale.",
        "The live one is drifting: PSI 0.22. This one is trained on {dataset}.",
    ),
    "fraud": (
        "{days} days of shadow traffic: {metric} {value} against {before}, alert volume unchanged, p99 {p99} ms.",
        "Catches the attack pattern of the last weeks. {metric} {value}, p99 {p99} ms.",
        "Shadow run is clean. False positives per 10k: 7.9, before 8.6.",
        "Loss avoided in replay: 212 k a month. {metric} {value}.",
        "Asked for by the fraud desk. Threshold stays where it is.",
        "Retrained on {dataset}: the attackers moved on, so do we. {metric} {value}.",
        "Ready. On call is informed, version {holder} stays warm.",
        "Half the size, same quality: {metric} {value}, before {before}. Saves a node.",
    ),
    "supply": (
        "{metric} {value} against {before} over the last {days} days; bias within limits in all regions.",
        "Peak weeks are much better, the rest is level. {metric} {value}.",
        "Retrained on {dataset}. Holidays checked by hand.",
        "Operations signed off. Please release before the weekly planning.",
        "Corrects what version {holder} gets wrong in the islands. {metric} {value}.",
        "Two weeks in parallel with version {holder}, no complaint from operations.",
        "Passed the gate: {metric} {value}, before {before}. Please not on a Monday.",
        "The planners asked for this one: it no longer flattens the peaks.",
    ),
    "customer": (
        "A/B test over {days} days is significant: +1.8 % on the primary metric. {metric} {value}.",
        "{metric} {value}, before {before}. Calibration plot is in the run.",
        "Privacy review is done, no new personal attributes. {metric} {value}.",
        "Retrained on {dataset}. Old one does not know the new product line.",
        "Beats version {holder} in every country but Austria, where both are bad.",
        "Holdout and last month agree. {metric} {value} against {before}.",
        "Second attempt, with the feedback of the last review. {metric} {value}.",
        "Needed before the autumn range goes live. Reviewed by product.",
        "Simpler than version {holder}, and no worse: {metric} {value}.",
    ),
}

APPROVALS = (
    "",
    "",
    "Approved.",
    "Looks good.",
    "Numbers reproduced. Go.",
    "Approved, watch the dashboard tomorrow morning please.",
    "OK for me. Thanks for the clear comparison.",
    "Approved after a look at the segments.",
    "Fine. Please update the model card as well.",
    "Agreed in today's release meeting.",
)

VALIDATIONS = (
    "Validated: discrimination, calibration and stability within limits. No findings.",
    "Validated with one low finding (documentation of missing values), due next quarter.",
    "Replicated the development results from the run: {metric} {value}, as claimed. No objection.",
    "Approved. Monitoring thresholds stay as for version {holder}.",
)

REJECTIONS = {
    "risk": (
        "Rank ordering breaks in the worst decile. Please look at it again.",
        "PSI of 0.27 on income: above our limit of 0.25. Not in this state.",
        "The backtest leaves out the last two quarters. Same again, with them.",
        "A proxy for nationality is among the top ten features. Cannot go live.",
    ),
    "fraud": (
        "p99 of 61 ms in shadow, the budget is 40. Prune it first.",
        "False positives double for customers abroad. Not in the holiday season.",
        "Not on a Friday. Ask again on Monday.",
        "Trained before the chargebacks of last month had come in: labels are not ripe.",
    ),
    "supply": (
        "Bias of +6 % in the north. Averages hide it, see the map.",
        "Worse than version {holder} on Saturdays, and Saturdays are what counts.",
        "Training data ends before the new depot opened.",
        "Public holidays are shifted by a day (time zone?).",
    ),
    "customer": (
        "Uplift is within noise. Let the test run another two weeks.",
        "Leak: one of the new features is known only after the fact.",
        "Data protection has not answered yet. Come back with the ticket.",
        "Calibration is off in the lowest decile, by a factor of two.",
    ),
}

DISCUSSION = {
    "risk": (
        "PSI against development {psi}, highest on `months_since_last_arrear`.",
        "Gini by segment is in the run's artifacts, `segments.html`.",
        "Compared with version {holder}: 92 % of the accounts stay in their class, 7 % move by one.",
        "Who signs for the margin of conservatism this time?",
        "The documentation template is filled in; chapter 4 is still a draft.",
        "Sensitivity to unemployment +2 points is plausible, see sheet 3.",
        "Reran it from the git commit: same coefficients to the fourth digit.",
        "Excluded the accounts of the migration weekend, 1,106 of them.",
    ),
    "fraud": (
        "Shadow, day {days}: recall as promised, p99 {p99} ms, no timeouts.",
        "Two odd spikes at 02:00. That was the load test of another team, not us.",
        "Alert volume per analyst stays at about 110 a shift.",
        "Ablation says that the new features do the work.",
        "Labels of the last three weeks are not ripe yet, I left them out.",
        "No score above 0.98 any more: the calibration layer works.",
        "Load test: 1,900 a second on two nodes, p99 {p99} ms.",
        "Weekend looked fine. I would go.",
    ),
    "supply": (
        "Plotted against version {holder}: https://wiki.example.com/supply/compare",
        "Bias by region: nothing above 2 %.",
        "The last quarter is in the training data now. About time.",
        "Scored last week again with both: the planners prefer this one in 7 of 10 cases.",
        "Memory is down to 3.1 GB, so the small workers will do.",
        "Did anybody check it against the depot closures in May?",
        "{metric} per region:\n\n- north {value}\n- south a little worse\n- islands: too few rows to tell",
        "Runs in 41 minutes, well before the cut-off.",
    ),
    "customer": (
        "Top features did not change, good.",
        "Sample size for the test is reached on Friday.",
        "New customers (under 30 days) get the fallback, as agreed with product.",
        "Half of the gain comes from cleaning up duplicate accounts.",
        "Opt-outs checked: 0 of 48,211 scored.",
        "Lift in the first decile is up from 3.1 to 3.3.",
        "Could somebody look at the business segment? It looks odd to me.",
        "Scored the whole base: {days} minutes, fits the nightly window.",
    ),
}

CANCELLATIONS = (
    "Found a bug in the feature join. Will be back.",
    "Superseded by the next run.",
    "Wrong version, sorry.",
    "Let us wait for the new data.",
)

NOT_PROMOTED = (
    "Not better than version {holder}. Leaving it.",
    "Trained with the wrong cut-off date, do not use.",
    "Only for the comparison in the sprint review.",
)

STAGED = (
    "Shadow traffic from tonight.",
    "Staged, replaces what was there.",
    "Up since this morning, scores arrive in the comparison table.",
    "Replays last week first, then live traffic.",
    "",
    "",
    "",
)

DEPLOYED = (
    "Release of the week.",
    "Agreed with the owner.",
    "Small change, no request needed.",
    "",
)

NOTES = (
    "Retrained on `{dataset}`.",
    "Retrained on `{dataset}`; hyperparameters as before.",
    "Adds three features on recency. {metric} **{value}**.",
    "Fewer trees, same quality, half the latency.",
    "Fixes the target: late corrections were counted twice. See `labels.sql`.",
    "Library upgrade only. Scores agree to the sixth digit.",
    "Two years of history instead of three: the oldest one only added noise.",
)
