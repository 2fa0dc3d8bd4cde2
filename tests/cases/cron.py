"""CRN: cron expressions, as `fovea retrain cron --next` tells the times that they are due."""
import calendar
import time

from judge import case


def next_times(t, expression, start, count):
    answer = t.fovea("retrain", "cron", "--next", count, "--expression", expression, "--from", start, "--json")
    return answer, [text.removesuffix(" UTC") for text in answer.json["next"]] if answer.status == 0 else None


@case("CRN-01")
def expressions(t):
    start = calendar.timegm(time.strptime(t.expected["from"], "%Y-%m-%d %H:%M UTC"))
    for expression, want in t.expected["next_3"].items():
        t.equal(f"{expression}: the next {len(want)}", next_times(t, expression, start, len(want))[1], want)
    for name, expression in t.expected["same_as"].items():
        t.equal(f"{name} is {expression}", next_times(t, name, start, 3)[1], next_times(t, expression, start, 3)[1])
    names = ("minute", "hour", "day of month", "month", "day of week")
    for expression in t.expected["refused_with_the_field_named"]:
        answer = next_times(t, expression, start, 1)[0]
        t.claim(f"\"{expression}\" is refused, with its field", answer.status == 2 and any(n in answer.err for n in names), answer.err)
    for expression, word in t.expected["refused_or_warned"].items():
        answer = next_times(t, expression, start, 1)[0]
        t.claim(f"{expression}: {word}", answer.status == 2 and word in answer.err, answer.err)
