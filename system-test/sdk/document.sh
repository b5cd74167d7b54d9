curl --silent --show-error --fail --output openapi.json http://127.0.0.1:8000/openapi.json
