// An OpenID provider for the tests: oidc-provider, unmodified, with the people that a test puts in by
// PUT /people/NAME {"claims": {...}, "seconds": 3600}; seconds is how long the tokens of everybody last from then on.
// Started with the folder of node_modules; prints its issuer once it serves.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.argv[2]}/`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);

const people = new Map();
let seconds = 3600;

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "tui-registry",
      token_endpoint_auth_method: "none",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
      redirect_uris: [],
      response_types: [],
      application_type: "native",
    },
  ],
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["name", "preferred_username"],
    groups: ["groups"],
  },
  conformIdTokenClaims: false,
  cookies: { keys: ["for tests"] },
  features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true }, revocation: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
  ttl: { AccessToken: () => seconds, IdToken: () => seconds, DeviceCode: 60, RefreshToken: 3600, Session: 600, Grant: 3600, Interaction: 600 },
});

const callback = provider.callback();
server.on("request", async (request, response) => {
  const match = request.method === "PUT" && /^\/people\/([^/]+)$/.exec(request.url);
  if (!match) return callback(request, response);
  let body = "";
  for await (const chunk of request) body += chunk;
  const given = JSON.parse(body);
  people.set(decodeURIComponent(match[1]), given.claims);
  seconds = given.seconds;
  response.end("{}");
});
console.log(issuer);
