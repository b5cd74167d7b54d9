npm install openapi-fetch@0.17.0 openapi-typescript@7.13.0 typescript@5.9.3
npx openapi-typescript openapi.json --output client.d.ts
npx tsc --strict --target es2022 --module nodenext *.mts
node example.mjs
