"""Invented claims and decisions on a policy."""

from safeglot.report.policy.view import ClaimView, PolicyView


def claim(**changes):
    given = {
        "rule": "safety", "words": "safe", "limit": 0.9, "least": True, "in_points": False,
        "how": "tested", "language": "sw", "part": "hate", "model": "m", "judge": "j",
        "decision": "not met", "value": 0.712, "low": 0.601, "high": 0.803, "short": 0.188,
        "n": 120, "unknown": 3, "needed": None, "reason": "",
    }  # fmt: skip
    return ClaimView(**(given | changes))


def view(*claims, **changes):
    given = {
        "run": "runs/first", "policy": "policy.toml", "earlier": None, "judges": ("j",),
        "models": ("m",), "level": 0.95, "decision": "not met", "claims": claims,
    }  # fmt: skip
    return PolicyView(**(given | changes))
