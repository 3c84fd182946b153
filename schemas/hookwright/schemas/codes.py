"""The stable code of every problem, in one table from which the documentation is generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Code:
    """A public, stable code. `title` is a short noun phrase, `meaning` one sentence for people."""

    code: str
    title: str
    meaning: str


# A code is never reused for something else. HW0nn: one document alone. HW1nn: a bundle as a whole.
_TABLE = (
    Code("HW001", "not YAML", "The file is not valid YAML."),
    Code("HW002", "not UTF-8", "The file is not UTF-8 text; every file of a bundle must be."),
    Code("HW003", "empty file", "The file says nothing: it is empty or holds only comments."),
    Code("HW004", "several documents", "A file holds one YAML document; a second one would be overlooked."),
    Code("HW005", "duplicate key", "A key stands twice in one mapping, so one of the values would be lost."),
    Code("HW006", "merge key", "`<<` left the YAML standard and is not read; use `defaults` instead."),
    Code("HW007", "tag", "Only what JSON can say is read, so tags such as `!secret` or `!!set` are refused."),
    Code("HW008", "key is not text", "Keys are text; numbers, true, null and collections must be quoted."),
    Code("HW009", "not a JSON value", "Infinity, not-a-number and numbers too large to hold are refused."),
    Code("HW010", "broken alias", "An alias names no anchor, or an anchor contains itself."),
    Code(
        "HW011",
        "too large",
        "The file, with its aliases written out, is longer, deeper or larger than allowed.",
    ),
    Code(
        "HW012",
        "unknown key",
        "The key does not exist here; it is never ignored, since it may be misspelt.",
    ),
    Code("HW013", "wrong type", "The value is of another type than the one this key takes."),
    Code("HW014", "missing key", "A key that must be there is missing."),
    Code("HW015", "value not allowed", "The value is not one of those this key takes."),
    Code("HW016", "wrong form", "The text does not have the form this key takes, such as that of an id."),
    Code("HW017", "bad quantity", "A duration, size or rate is not written as `30s`, `1MiB` or `10/s`."),
    Code("HW018", "out of bounds", "The value is too long, too short, too large or too small."),
    Code("HW019", "unknown type", "No plugin offers the type that is named."),
    Code("HW020", "secret in the open", "A secret is written out where only a reference may stand."),
    Code(
        "HW021",
        "perhaps a secret",
        "A header or parameter named like a key or token has a literal value.",
    ),
    Code(
        "HW022",
        "not supported yet",
        "The language has this, but this version does not do it yet.",
    ),
    Code("HW023", "keys exclude each other", "These keys cannot stand together, or one of them must."),
    Code(
        "HW024",
        "text cut at a comma",
        "Inside of `{ }` a comma ends a text, and what follows it is read as a key without a value.",
    ),
    Code(
        "HW025",
        "text cut at a comment",
        "Behind a space a # starts a comment, also within what looks like one text.",
    ),
    Code(
        "HW101", "duplicate id", "Two subscribers have one id; ids are unique over kinds, files and bundles."
    ),
    Code("HW102", "unknown event", "The event is neither in the catalogue nor declared under `events`."),
    Code("HW103", "bad pattern", "A `match` pattern is not one the pattern language has."),
    Code("HW104", "two homes", "`bundle`, `preset` and `defaults` stand in one file of a bundle only."),
    Code("HW105", "nothing selected", "A glob selects no event, so the subscriber would never be called."),
    Code("HW106", "path leaves the bundle", "A file is named that lies outside the folder of its bundle."),
    Code("HW107", "no YAML file", "The folder has no file a bundle is made of (`*.yaml`, `*.yml`)."),
    Code("HW108", "no encoder", "No encoder has this name, or not exactly one makes this content type."),
    Code("HW109", "invalid URL", "The URL cannot be called."),
    Code("HW110", "unreadable file", "The file cannot be opened or read."),
    Code("HW111", "too many headers", "The preset allows fewer headers than the target has."),
    Code("HW112", "bad header", "The header cannot be sent, or Hookwright writes it itself."),
    Code("HW113", "duplicate event type", "An event type is declared twice under `events`."),
    Code("HW114", "matches too much", "A condition takes every value, or every event, by mistake."),
    Code("HW115", "bad expression", "An expression is not one the expression language has."),
    Code("HW116", "required by the preset", "A target lacks a key that the preset requires of all."),
    Code("HW121", "unknown notifier", "Somebody is to be told who does not stand under `notifiers`."),
    Code("HW122", "duplicate notifier", "Two notifiers have one id."),
    Code(
        "HW123",
        "nobody to tell",
        "`notify_on_failure: true` tells the notifiers with `default: true`, and there is none.",
    ),
    Code(
        "HW130", "reserved name", "`api` is the name of the bundle that the API keeps; no other may have it."
    ),
    Code("HW131", "not the API's", "The bundle that the API keeps holds webhooks and nothing else."),
    Code("HW140", "bad event schema", "The schema of an event type is not a JSON Schema of draft 2020-12."),
    Code("HW141", "reference leads nowhere", "`$ref` leads to no place of the same schema; none is fetched."),
    Code(
        "HW142",
        "endless schema",
        "A schema is too large, leads back to itself, or takes longer the deeper the data is.",
    ),
    Code(
        "HW143",
        "unknown keyword",
        "A schema has a keyword that JSON Schema does not know: it checks nothing.",
    ),
    Code(
        "HW144", "example does not fit", "An example in the schema of an event type does not fit that schema."
    ),
    Code(
        "HW145", "unknown schedule", "A subscriber keeps to a schedule that does not stand under `schedules`."
    ),
    Code("HW146", "duplicate name", "Two schedules, two sources or two steps of one automation have one id."),
    Code(
        "HW147",
        "old id in use",
        "A subscriber is renamed from an id that another one has, or claims as well.",
    ),
    Code(
        "HW148", "bad template", "A text with `{{ }}` or `{% %}` in it is not one the template language has."
    ),
    Code("HW149", "unknown step", "A step or variable is asked for that the automation does not have."),
    Code("HW150", "never matches", "Conditions of a pattern exclude each other, so no event meets them."),
    Code("HW151", "needless condition", "A pattern matches the same events without this part of it."),
    Code("HW152", "wrong kind of value", "The field has values of another kind than the one asked for."),
    Code("HW153", "unknown field", "The events that are selected have no such field."),
    Code("HW154", "sent twice", "Two calls are made to the same end for the same events."),
    Code("HW155", "only repeats", "Another subscriber calls the same place for all these events, and more."),
    Code("HW156", "unencrypted call", "A URL begins with `http://` and leads to the open network."),
    Code("HW157", "unknown value", "The schema of the event lists the values of this field, and it is none."),
    Code("HW158", "endless retries", "The last try comes more than seven days after the first."),
    Code("HW159", "event listed twice", "A name under `event` selects nothing that another one does not."),
    Code("HW160", "events in a circle", "What is emitted begins the one that emits it again."),
    Code("HW165", "bad cron expression", "A `cron` has no expression of five fields that can be read."),
    Code("HW166", "cron that never fires", "There is no day, in any year, that a cron expression names."),
    Code("HW167", "unreachable step", "No run ever comes to this step."),
    Code("HW169", "unknown result", "A step has no such result, whatever becomes of it."),
    Code("HW170", "result not there", "A step is asked for its result where it has not run by then."),
    Code("HW171", "number for a name", "The id of a step is a number, which is what steps without one have."),
    Code("HW172", "no list", "The `in` of a `for_each` never makes a list."),
    Code("HW180", "unknown Lapp", "No plugin publishes a Lapp of this name."),
    Code("HW185", "event refused", "A timeline has an event that a server with this bundle would refuse."),
    Code("HW186", "answer to nobody", "A timeline has an answer to calls that nobody in the bundle makes."),
)

CODES: Mapping[str, Code] = MappingProxyType({entry.code: entry for entry in _TABLE})
