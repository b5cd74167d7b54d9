from client import AuthenticatedClient
from client.api.tweets import create_tweet, get_tweet
from client.models import Tweet, TweetInput

with AuthenticatedClient(base_url="http://127.0.0.1:8000", token="none") as client:
    created = create_tweet.sync(client=client, body=TweetInput(text="Hello from Python"))
    assert isinstance(created, Tweet), created
    read = get_tweet.sync(created.id, client=client)
    assert isinstance(read, Tweet), read
    print(read.id, read.text)
