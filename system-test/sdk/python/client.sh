python3 -m venv sdk
. sdk/bin/activate
pip install --quiet openapi-python-client==0.29.1 mypy==2.4.1
openapi-python-client generate --path openapi.json --meta none --output-path client --overwrite
mypy --strict --follow-imports=silent *.py
python example.py
