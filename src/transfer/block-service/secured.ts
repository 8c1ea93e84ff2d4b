/**
 * TLS by a key that both sides know: each proves to the other that it has it, and the keys of the session come from an
 * exchange of its own, so that the key tells nothing of what went over the line when it comes out later. Node has this with
 * TLS 1.2 only; the one suite that is allowed is authenticated encryption.
 */
export const securedByKey = {
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
  ciphers: "ECDHE-PSK-CHACHA20-POLY1305",
} as const;
