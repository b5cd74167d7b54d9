"""What a client does, with the generated types. Prints a line for each step, as ../scenario.txt has them."""

import re
import uuid
from typing import Any

from client import AuthenticatedClient
from client.api.tweets import create_tweet, get_tweet, list_tweets
from client.models import Problem, Tweet, TweetInput
from client.types import UNSET, Response, Unset

UNKNOWN_ID = "01KAN2FGVXM1SY9VXF7MJ4Z7QV"
ITEMS = 5
MAX_PAGES = 100
MAX_REQUESTS = 100


def body() -> TweetInput:
    return TweetInput(text="Hello from Python")


def problem(response: Response[Any]) -> Problem:
    assert isinstance(response.parsed, Problem), response
    assert response.parsed.status == response.status_code, response
    return response.parsed


def create_and_get(client: AuthenticatedClient) -> Tweet:
    response = create_tweet.sync_detailed(client=client, body=body())
    created = response.parsed
    assert isinstance(created, Tweet), response
    print(f"create: {response.status_code}")

    read = get_tweet.sync_detailed(created.id, client=client)
    assert read.parsed == created, read
    print(f"get: {read.status_code}, what was created")
    return created


def page_to_the_end(client: AuthenticatedClient) -> None:
    created: list[str] = []
    for _ in range(ITEMS):
        item = create_tweet.sync(client=client, body=body())
        assert isinstance(item, Tweet), item
        created.insert(0, item.id)

    listed: list[str] = []
    before: str | Unset = UNSET
    for _ in range(MAX_PAGES):
        page = list_tweets.sync_detailed(client=client, limit=2, before=before)
        assert isinstance(page.parsed, list), page
        listed += [item.id for item in page.parsed]

        link = re.search(r'<[^>]*[?&]before=(\w+)[^>]*>; rel="next"', page.headers.get("link", ""))
        if not link:
            break
        before = link[1]

    assert listed == sorted(set(listed), reverse=True), listed
    assert [id for id in listed if id in created] == created, listed
    print(f"list, 2 a page: all {ITEMS} that were created, newest first")


def revalidate(client: AuthenticatedClient, item: Tweet) -> None:
    etag = get_tweet.sync_detailed(item.id, client=client).headers["etag"]

    again = get_tweet.sync_detailed(item.id, client=client, if_none_match=etag)
    assert again.parsed is None and not again.content, again
    print(f"get with If-None-Match: {again.status_code}")


def cause_problems(client: AuthenticatedClient) -> None:
    unknown = problem(get_tweet.sync_detailed(UNKNOWN_ID, client=client))
    print(f"get an unknown id: problem {unknown.status}")

    invalid = problem(list_tweets.sync_detailed(client=client, limit=201))
    print(f"list with limit=201: problem {invalid.status}, {invalid.errors[0].pointer}")


def retry(client: AuthenticatedClient) -> None:
    key = str(uuid.uuid4())
    first = create_tweet.sync_detailed(client=client, body=body(), idempotency_key=key)
    second = create_tweet.sync_detailed(client=client, body=body(), idempotency_key=key)

    assert isinstance(first.parsed, Tweet) and isinstance(second.parsed, Tweet), (first, second)
    assert first.parsed.id == second.parsed.id and "idempotent-replayed" not in first.headers
    replayed = {"true": "replayed"}[second.headers["idempotent-replayed"]]
    statuses = f"{first.status_code}, {second.status_code} {replayed}"
    print(f"create twice with one Idempotency-Key: {statuses}, the same id")


def exceed_the_rate_limit(client: AuthenticatedClient) -> None:
    for _ in range(MAX_REQUESTS):
        response = list_tweets.sync_detailed(client=client, limit=1)
        if response.status_code != 200:
            retry_after = int(response.headers["retry-after"])
            print(f"list until refused: problem {problem(response).status}, Retry-After {retry_after}")
            return


with AuthenticatedClient(base_url="http://127.0.0.1:8000", token="none") as client:
    item = create_and_get(client)
    page_to_the_end(client)
    revalidate(client, item)
    cause_problems(client)
    retry(client)
    exceed_the_rate_limit(client)
