"""The kinds of clinical note that the demo writes: an opening, and sentences to draw the rest from.

client/note_slots.py says what a slot such as `{problem}` holds, and whether that carries a label.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """A kind of note. `sentences` are drawn without repetition."""

    opening: tuple[str, ...]
    sentences: tuple[str, ...]


ANY_NOTE = (
    "PMH: {history}, {history}, {history}.",
    "Hx of {history} and {history}, s/p {procedure}.",
    "Also on file: {history}; {history}; {history}; {history}.",
    "Allergies: {drug} ({problem}), {drug}.",
    "NKDA, though {drug} caused {problem} once.",
    "{lab} {reading}, {lab} {reading}.",
    "{lab} {reading} (was {reading}); {test} still pending.",
    "Pending: {pending}, {pending}.",
    "Awaiting {pending} and {pending} before any change.",
    "Reviewed {topic} and {topic} with {who}.",
    "Leaflets on {topic}, {topic} and {topic} handed over.",
    "Questions about {topic} were answered; {topic} left for next time.",
    "No {problem}, no {problem}.",
    "Denies {problem}, {problem} or {problem}.",
    "w/o {problem} or {problem} today.",
    "Vitals: BP {pressure}, HR {pulse}, temp {temperature}.",
    "Discussed risks of {history} w/ {who}.",
    "Plan: {topic}; {topic}; f/u in {duration}.",
)

FORMS = {
    "progress note": Form(
        (
            "{age}yo {sex} seen on day {day} for {problem}.",
            "Progress note, day {day}: {name}, {age} y, {problem}.",
            "S: {problem} x {duration}, {problem} improved.",
        ),
        (
            "Continue {drug} {dose} {frequency}.",
            "{drug} increased to {dose} {frequency} for {problem}.",
            "Stopped {drug} because of {problem}.",
            "O: {lab} {reading}, {finding} unremarkable.",
            "A/P: {problem} likely due to {problem}; start {drug} {dose} {frequency} x {duration}.",
            "{problem} persists after {procedure}, {anatomy} tender to palpation.",
            "Slept poorly, no {problem} overnight.",
            "Titrate {drug} to {lab} of {reading}.",
        ),
    ),
    "discharge summary": Form(
        (
            "DISCHARGE SUMMARY. {name}, {age} y, admitted for {duration} with {problem}.",
            "Admitted via ED c/o {problem}; discharged after {duration}.",
        ),
        (
            "Course complicated by {problem}, treated with {drug} {dose} {frequency} for {duration}.",
            "Underwent {procedure} on day {day} without complication.",
            "Discharge meds: {drug} {dose} {frequency}, {drug} {dose} {frequency}, {drug} {dose} {frequency}.",
            "{drug} was held given {lab} of {reading}.",
            "Follow up for {pending} in {duration}.",
            "Return for {problem}, {problem} or temp over {temperature}.",
            "{lab} normalised to {reading} before discharge.",
            "Condition at discharge: stable, {problem} resolved.",
            "Incision over the {anatomy} clean and dry.",
        ),
    ),
    "ED note": Form(
        (
            "{age} y/o {sex} BIBA c/o {problem} x {duration}.",
            "ED: {name} presents with {problem} and {problem} since {duration}.",
            "Triage: {problem}, pain {day}/10, onset {duration} ago.",
        ),
        (
            "Given {drug} {dose} IV with relief of {problem}.",
            "{drug} {dose} x1, then {dose} {frequency}.",
            "{anatomy}: no {problem}, full ROM.",
            "{scan} shows {problem}, {lab} {reading}.",
            "DDx {problem} vs {problem}; r/o {problem}.",
            "{procedure} done at bedside, tolerated well.",
            "Took {drug} {dose} at home w/o effect.",
            "Dispo: home w/ {drug} {dose} {frequency} PRN {problem}, back in {duration} if worse.",
            "Denies {problem}; {who} reports {problem} for {duration}.",
        ),
    ),
    "radiology report": Form(
        ("EXAM: {scan}. INDICATION: {problem}.", "{scan}, compared with {duration} ago."),
        (
            "FINDINGS: {anatomy} is normal, {anatomy} shows {problem}.",
            "No evidence of {problem} or {problem} in the {anatomy}.",
            "Unchanged {problem} adjacent to the {anatomy}, {size}.",
            "{anatomy} and {anatomy} are unremarkable.",
            "Status post {procedure}, hardware intact at the {anatomy}.",
            "IMPRESSION: {problem}; cannot exclude {problem}.",
            "Recommend {pending} in {duration}.",
            "Contrast well tolerated, {drug} {dose} given before for {problem}.",
            "Measures {size}, earlier {size}, in keeping with {problem}.",
        ),
    ),
    "medication reconciliation": Form(
        ("Med rec with {who} for {name}.", "MEDICATION RECONCILIATION, {age} y {sex}, {problem}."),
        (
            "Taking {drug} {dose} {frequency}; {drug} {dose} {frequency}.",
            "{drug} {dose} {frequency} for {problem} – confirmed by pharmacy.",
            "Not taking {drug} for {duration} ({problem}).",
            "Changed: {drug} {dose} → {dose} {frequency}.",
            "D/c {drug}, {drug} and {drug}.",
            "Ran out of {drug} {duration} ago; last {lab} {reading}.",
            "Last refill of {drug} {dose} {duration} ago.",
            "Hold {drug} before {procedure}.",
            "Duplicate therapy: {drug} and {drug}, both {frequency}.",
            "Avoid {drug} with {problem}.",
        ),
    ),
    "operative note": Form(
        ("OPERATIVE NOTE. Pre-op dx: {problem}. Procedure: {procedure}.", "{name} to OR {room} for {procedure}."),
        (
            "{procedure} then {procedure} under general anesthesia, {duration}.",
            "The {anatomy} was prepped and the {anatomy} exposed.",
            "{drug} {dose} given at induction, {drug} {dose} at closure.",
            "EBL {volume}, no {problem}.",
            "Specimen from the {anatomy} sent for {test}.",
            "Findings: {problem} of note, {finding} intact.",
            "Converted to {procedure} for {problem}.",
            "Post-op: {drug} {dose} {frequency} for {duration}, {test} in the morning.",
            "Previous {procedure} scar over the {anatomy}.",
        ),
    ),
    "consult": Form(
        (
            "Thank you for asking us to see {name} re {problem}.",
            "CONSULT: {age} y/o {sex} with {problem}, asked about {topic}.",
            "Consulted for {topic} in the setting of {problem}.",
        ),
        (
            "Impression: {problem} in the setting of {problem} and {problem}.",
            "We suggest {drug} {dose} {frequency}, and {pending}.",
            "Would favor {topic} over {topic}.",
            "Trend {lab}; goal {reading}.",
            "Prior {procedure} ({duration} ago) noted, {problem} since.",
            "No indication for {procedure} while {lab} is {reading}.",
            "FHx: {problem}, {problem}. SHx: never smoker.",
            "Exam: {finding}, {anatomy} without {problem}.",
            "Reassess after {duration} of {drug}.",
        ),
    ),
    "nursing note": Form(
        (
            "RN note, room {room}: pt c/o {problem}.",
            "Night shift, {name}: {problem} at 0{day}:30.",
            "Pt A&O x3, resting, {problem} since {duration}.",
        ),
        (
            "{drug} {dose} given {frequency} as ordered, {problem} down to 3/10.",
            "{lab} {reading} at 06:00, MD aware.",
            "Dressing on {anatomy} changed after {procedure}, no {problem}.",
            "Pt refused {drug} {frequency}; says it causes {problem}.",
            "IV in the {anatomy} patent, {drug} running at {dose}.",
            "{who} at bedside, worried about {topic}.",
            "Skin: {problem} over the {anatomy}, {size}.",
            "NPO for {procedure} since {duration}.",
            "PRN {drug} {dose} x2, last {duration} ago.",
        ),
    ),
    "clinic letter": Form(
        (
            "Dear {doctor}, I saw this {age}-year-old {person} with {problem}.",
            "Clinic letter: {name} returns after {duration} with {problem}.",
        ),
        (
            "The {problem} began {duration} ago, a month after {procedure}.",
            "I started {drug} at {dose} {frequency}, stepping up to {dose}.",
            "On examination {finding} and {anatomy} were normal.",
            "{lab} came back at {reading}; I have arranged {pending}.",
            "Reports less {problem} on {drug}, but more {problem}.",
            "We talked through {topic} and {topic}; {who} prefers to wait.",
            "Has never had {problem} or {problem}.",
            "I will repeat {pending} in {duration}.",
            "Stay on {drug}, {drug} and {drug}, no changes.",
        ),
    ),
}
