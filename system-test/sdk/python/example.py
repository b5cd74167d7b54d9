from client import Client
from client.api.tweets import create_tweet, get_tweet
from client.models import TweetInput

with Client(base_url="http://127.0.0.1:8000") as client:
    created = create_tweet.sync(client=client, body=TweetInput(text="Hello from Python"))
    read = get_tweet.sync(created.id, client=client)
    print(read.id, read.text)
