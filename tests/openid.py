"""An OpenID provider on loopback: it checks what they check, and can be told to misbehave."""

import base64
import hashlib
import json
import secrets
import time
from contextlib import contextmanager
from functools import cache
from urllib.parse import parse_qs, urlencode, urlsplit

import stub_server
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "routing", "hush-hush"


def generate_key():
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


usual_key = cache(generate_key)
"""The key of every provider: to make one takes longer than to sign in."""


class Provider:
    """Its state: who signs in next, with which claims, and what is wrong with it."""

    def __init__(self, server):
        self.server = server
        self.issuer = f"{server.base}/tenant"
        self.key = usual_key()
        self.claims = {"sub": "s-1", "name": "Priya Shah", "roles": ["view", "divert"]}
        self.wrong, self.signing_key = {}, self.key  # wrong: claims that replace the right ones
        self.says_issuer, self.slow, self.down = self.issuer, 0, False
        self.codes = {}
        self.token_error = "invalid_grant"
        self.end_session = f"{self.issuer}/logout"

    def metadata(self):
        return {
            "issuer": self.says_issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **({"end_session_endpoint": self.end_session} if self.end_session else {}),
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, query):
        """Sign the person in at once, as one who has a session there, and send them back."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form, authorization):
        """Exchange a code, once, for an ID token; None where a provider would refuse."""
        held = self.codes.pop(form.get("code"), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        right = held and held["code_challenge"] == challenge and authorization == f"Basic {basic}"
        if not right or held["redirect_uri"] != form["redirect_uri"]:
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": held["nonce"],
            **self.claims,
            **self.wrong,
        }
        claims = {key: value for key, value in claims.items() if value is not None}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signing_key)
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": signed}


class _ProviderHandler(stub_server.Handler):
    def do_GET(self):
        provider, url = self.server.provider, urlsplit(self.path)
        query = {key: value[0] for key, value in parse_qs(url.query).items()}
        time.sleep(provider.slow)
        if provider.down:
            self._say(503, {})
        elif url.path.endswith("/.well-known/openid-configuration"):
            self._say(200, provider.metadata())
        elif url.path.endswith("/keys"):
            self._say(200, {"keys": [provider.key.as_dict(private=False)]})
        else:
            self.send_response(302)
            self.send_header("Location", provider.authorize(query))
            self.end_headers()

    def do_POST(self):
        provider = self.server.provider
        time.sleep(provider.slow)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: value[0] for key, value in parse_qs(body).items()}
        tokens = provider.token(form, self.headers.get("Authorization"))
        if provider.token_error != "invalid_grant":
            tokens = None
        self._say(*((200, tokens) if tokens else (400, {"error": provider.token_error})))

    def _say(self, status, body):
        self.answer(status, "application/json", json.dumps(body))


@contextmanager
def running():
    with stub_server.serving(_ProviderHandler) as server:
        server.provider = Provider(server)
        yield server.provider
