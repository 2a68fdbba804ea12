"""What kind of trouble an error is, by its status and by its words.

Only words that a program prints as an error are judged here, never an answer: an answer may speak
of anything. The first row that fits counts; a quota is looked for before a rate, because many
providers answer both with status 429.
"""

import re

from events.runs import Trouble

WORDS_MAX = 2_000
_ROWS: tuple[tuple[Trouble, str], ...] = (
    (
        "quota_exhausted",
        r"(?:hit|reached) your (?:[\w-]+ ){0,3}(?:\([^)]{0,20}\) )?(?:usage )?limit"
        r"|limit reached\||usage limit|(?:5-hour|weekly|session|opus|sonnet) limit"
        r"|out of (?:extra usage|credits|usage)|spend cap|credit balance is too low"
        r"|insufficient[ _](?:quota|balance|credits?|funds)|INSUFFICIENT_G1_CREDITS"
        r"|exceeded (?:your|the) current quota|exceeded_current_quota|QUOTA_EXHAUSTED"
        r"|(?:exhausted|exceeded) (?:your|the) (?:[\w-]+ ){0,3}(?:quota|capacity)"
        r"|quota will (?:be )?(?:reset|refresh)|quota exceeded\. check|PerDay|per day|\bTPD\b"
        r"|TerminalQuotaError|billing_error|payment required",
    ),
    (
        "misconfigured",
        r"not logged in|/login\b|log ?in again|invalid (?:api|x-api|authentication)"
        r"|(?:no|missing|incorrect|check your|set (?:the|your)) (?:[\w-]+ )?api key"
        r"|authentication(?:[ _](?:failed|error|required)|Error)|authenticate you|unauthori[sz]ed"
        r"|permission[_ ]denied|oauth token|\b401\b"
        r"|model[\w\s'\"`:./-]{0,80}(?:not found|does not exist|not supported|not available)"
        r"|(?:unknown|invalid|no such) model|model_not_found|ModelNotFound"
        r"|LLM not (?:set|supported)"
        r"|file does not exist|no conversation found|session not found"
        r"|(?:unknown|unexpected|unrecognized|invalid) (?:option|argument|value)|unknown flag"
        r"|trusted (?:directory|folder|workspace)|configuration error|missing environment variable"
        r"|must provide a message|no prompt provided",
    ),
    (
        "rate_limited",
        r"\b429\b|\b529\b|too many requests|rate.?limit|RESOURCE_EXHAUSTED|overloaded"
        r"|RetryableQuotaError|try again after|please retry in|out of capacity|no capacity",
    ),
    (
        "refused",
        r"usage policy|content.?(?:policy|filter|management)|safety (?:policy|filter|setting)"
        r"|prohibited_content|blocked by|(?<!connection )\brefus(?:ed|al)\b|declined to",
    ),
    (
        "not_ready",
        r"connection (?:refused|error|reset|failed|timed out)|could not connect|cannot connect"
        r"|ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|getaddrinfo|network is unreachable"
        r"|name resolution|unable to connect|is it running|\b503\b|service unavailable"
        r"|more system memory",
    ),
)
_TABLE = tuple((trouble, re.compile(words, re.IGNORECASE)) for trouble, words in _ROWS)
_STATUSES: dict[int, Trouble] = {
    401: "misconfigured",
    402: "quota_exhausted",
    403: "misconfigured",
    404: "misconfigured",
    429: "rate_limited",
    503: "not_ready",
    529: "rate_limited",
}


def trouble_in(words: str, status: int = 0) -> Trouble:
    """What an error of these words and this HTTP status (0: none) is; at least said_failed."""
    by_status = _STATUSES.get(status)
    by_words = _by_words(words[:WORDS_MAX])
    if by_words == "quota_exhausted" or by_status is None:
        return by_words
    return by_status


def _by_words(words: str) -> Trouble:
    for trouble, known in _TABLE:
        if known.search(words):
            return trouble
    return "said_failed"
