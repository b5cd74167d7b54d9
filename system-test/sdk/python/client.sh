python3 -m venv sdk
. sdk/bin/activate
pip install --quiet openapi-python-client==0.29.1
openapi-python-client generate --url http://127.0.0.1:8000/openapi.json --meta none --output-path client
