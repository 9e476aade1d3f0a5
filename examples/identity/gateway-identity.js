// Verifies the tokens that siogw puts in the place of a client's own (identity.upstream.auth: exchange), with nothing but
// what Node.js has. The keys are those of /.well-known/jwks.json.
'use strict';
const crypto = require('node:crypto');

const KEEP = 5 * 60 * 1000; // the max-age of the key set
const PAUSE = 1000;         // between two fetches, whatever kids are invented

const algorithms = {
  ES256: (data, key, sig) => crypto.verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, sig),
  EdDSA: (data, key, sig) => crypto.verify(null, data, key, sig),
  RS256: (data, key, sig) => crypto.verify('sha256', data, key, sig),
};

class GatewayIdentity {
  #keys = new Map();
  #fetched = 0;
  #fetching;

  constructor({ jwks, issuer = 'siogw', audience = 'upstream' }) {
    Object.assign(this, { jwks, issuer, audience });
  }

  async #fetch() {
    const answer = await fetch(this.jwks, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`the gateway's keys: HTTP ${answer.status}`);
    const { keys } = await answer.json();
    this.#keys = new Map(keys.map((k) => [k.kid, { alg: k.alg, key: crypto.createPublicKey({ key: k, format: 'jwk' }) }]));
    this.#fetched = Date.now();
  }

  async #find(kid) {
    const age = Date.now() - this.#fetched;
    if (age > KEEP || (!this.#keys.has(kid) && age > PAUSE)) {
      this.#fetching ??= this.#fetch().finally(() => { this.#fetching = undefined; });
      await this.#fetching;
    }
    return this.#keys.get(kid);
  }

  // verify gives the claims of a token, or throws.
  async verify(token) {
    const parts = String(token).split('.');
    if (parts.length !== 3) throw new Error('no token of the gateway');
    const [head, claims] = parts.slice(0, 2).map((p) => JSON.parse(Buffer.from(p, 'base64url')));
    const found = await this.#find(head.kid);
    if (!found || found.alg !== head.alg || !algorithms[head.alg]) throw new Error('not signed by the gateway');
    const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
    if (!algorithms[head.alg](signed, found.key, Buffer.from(parts[2], 'base64url'))) throw new Error('not signed by the gateway');
    const now = Date.now() / 1000;
    if (claims.iss !== this.issuer || claims.aud !== this.audience) throw new Error('for somebody else');
    if (!(now < claims.exp + 5) || !(now > claims.iat - 5)) throw new Error('not of this time'); // two clocks
    return claims;
  }

  // middleware is for io.use and for each namespace's use: socket.data.identity are the claims, undefined for an anonymous
  // client, whom this lets pass: siogw has decided that.
  middleware() {
    return async (socket, next) => {
      try {
        const { token } = socket.handshake.auth;
        if (token !== undefined) {
          const claims = await this.verify(token);
          if (claims.namespace !== socket.nsp.name) throw new Error('for another namespace');
          socket.data.identity = claims;
        }
        next();
      } catch (err) {
        next(err);
      }
    };
  }
}

module.exports = { GatewayIdentity };
