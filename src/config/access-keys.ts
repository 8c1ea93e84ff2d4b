import type { ConfigKey } from "./keys.ts";

/** Who signs in, and how the API is reached by them. */
export const accessKeys: Readonly<Record<string, ConfigKey>> = {
  "site_workers.port": {
    description: "Port that machines call which work for one site (`novacron join`). Without it none can join.",
    example: 8788,
    effect: { now: "the API process, over mutual TLS with certificates of its own authority" },
    test: "workers of sites are let in where a port is given",
  },
  "site_workers.host": {
    description: "Address that this port listens on.",
    default: "127.0.0.1",
    example: "0.0.0.0",
    effect: { now: "the API process" },
    test: "workers of sites are let in where a port is given",
  },
  "site_workers.url": {
    description: "How those machines reach it; default its own address and port.",
    example: "https://novacron.example.com:8788",
    effect: { now: "part of every join token, and of the port's certificate" },
    test: "workers of sites are let in where a port is given",
  },
  "oidc.issuer": {
    description:
      "Issuer URL of the identity provider at which people sign in (OpenID Connect). Without it there are only tokens.",
    example: "https://id.example.com/realms/ops",
    effect: { now: "the API's sign-in, by authorization code with PKCE" },
    test: "an identity provider is configured with what its groups may do",
  },
  "oidc.client_id": {
    description: "Our client id there. Needed with `oidc.issuer`; redirect URI: `<api.public_url>/v1/auth/callback`.",
    example: "novacron",
    effect: { now: "the API's sign-in" },
    test: "an identity provider is configured with what its groups may do",
  },
  "oidc.client_secret": {
    description:
      "Our client secret there; without one we are a public client. Kept secret: never logged, shown or stored.",
    example: "${A_VARIABLE}",
    effect: { now: "the API's sign-in" },
    test: "an identity provider is configured with what its groups may do",
  },
  "oidc.scopes": {
    description: "OAuth scopes that are asked for.",
    default: "openid profile email",
    example: "openid profile email groups",
    effect: { now: "the API's sign-in" },
    test: "an identity provider is configured with what its groups may do",
  },
  "oidc.groups_claim": {
    description: "Claim of the ID token, or of the user info, that lists a person's groups.",
    default: "groups",
    example: "roles",
    effect: { now: "decides, by `oidc.roles`, what a person may do" },
    test: "an identity provider is configured with what its groups may do",
  },
  "oidc.roles[]": {
    description:
      "What a group may do: `ROLE at SCOPE for GROUP`, where the scope is `everything`, or any of `site:S`, `project:P`, `tag:K=V`, all of which must hold.",
    example: "operator at site:onprem-a tag:env=prod for platform team",
    effect: { now: "beside the roles that were given by `novacron roles grant`" },
    test: "an identity provider is configured with what its groups may do",
  },
  "oidc.mfa_amr[]": {
    description: "Authentication methods (`amr`, RFC 8176) that count as a second factor. Default: `mfa`.",
    example: "otp",
    effect: { now: "destructive and approving actions are refused without" },
    test: "an identity provider is configured with what its groups may do",
  },
  "oidc.mfa_acr[]": {
    description:
      "Authentication contexts (`acr`) that count as one with a second factor; they are asked for when one is needed.",
    example: "urn:example:mfa",
    effect: { now: "destructive and approving actions are refused without" },
    test: "an identity provider is configured with what its groups may do",
  },
  "oidc.mfa_max_age": {
    description: "How long a confirmed second factor stands for the next destructive or approving action.",
    unit: "duration",
    default: "1h",
    example: "15m",
    effect: { now: "an older one must be confirmed again" },
    test: "an identity provider is configured with what its groups may do",
  },
  "secrets.cache": {
    description: "How long a fetched secret is believed whose store sets no lease.",
    unit: "duration",
    default: "5m",
    example: "1m",
    effect: { now: "a rotated secret is in use after this time at the latest" },
    test: "secrets are fetched from where references say",
  },
  "secrets.vault_address": {
    description: "HashiCorp Vault, for `${secret:vault:PATH#KEY}`.",
    example: "https://vault.example.com:8200",
    effect: { now: "API and worker fetch secrets there when they are needed" },
    test: "secrets are fetched from where references say",
  },
  "secrets.vault_namespace": {
    description: "Namespace in Vault.",
    example: "ops",
    effect: { now: "sent with every call to Vault" },
    test: "secrets are fetched from where references say",
  },
  "secrets.vault_token": {
    description:
      "A token of Vault's; or `vault_role_id` and `vault_secret_id`. May come from `${secret:file:…}`. Kept secret.",
    example: "${A_VARIABLE}",
    effect: { now: "how we log in to Vault" },
    test: "secrets are fetched from where references say",
  },
  "secrets.vault_role_id": {
    description: "AppRole that we log in to Vault by.",
    example: "novacron",
    effect: { now: "how we log in to Vault" },
    test: "secrets are fetched from where references say",
  },
  "secrets.vault_secret_id": {
    description: "The AppRole's secret id. May come from `${secret:file:…}`. Kept secret.",
    example: "${A_VARIABLE}",
    effect: { now: "how we log in to Vault" },
    test: "secrets are fetched from where references say",
  },
  "secrets.aws_region": {
    description:
      "Region of AWS Secrets Manager, for `${secret:aws:NAME#KEY}`. Credentials are what the machine offers.",
    example: "us-east-1",
    effect: { now: "API and worker fetch secrets there when they are needed" },
    test: "secrets are fetched from where references say",
  },
  "secrets.aws_endpoint": {
    description: "Calls to Secrets Manager go here instead of to AWS.",
    example: "http://127.0.0.1:4566",
    effect: { now: "where Secrets Manager is called" },
    test: "secrets are fetched from where references say",
  },
  "temporal.tls": {
    description: "Whether Temporal is reached over TLS.",
    default: false,
    example: true,
    effect: { now: "API and worker connect so" },
    test: "Temporal is reached by TLS, an API key, and with encrypted payloads",
  },
  "temporal.tls_ca_file": {
    description: "Authorities that Temporal's certificate may come from (PEM); default: the machine's own.",
    example: "/etc/novacron/temporal-ca.pem",
    effect: { now: "with `temporal.tls`" },
    test: "Temporal is reached by TLS, an API key, and with encrypted payloads",
  },
  "temporal.tls_cert_file": {
    description: "Our certificate, for mutual TLS (PEM).",
    example: "/etc/novacron/temporal.pem",
    effect: { now: "with `temporal.tls`" },
    test: "Temporal is reached by TLS, an API key, and with encrypted payloads",
  },
  "temporal.tls_key_file": {
    description: "Its private key (PEM).",
    example: "/etc/novacron/temporal-key.pem",
    effect: { now: "with `temporal.tls`" },
    test: "Temporal is reached by TLS, an API key, and with encrypted payloads",
  },
  "temporal.tls_server_name": {
    description: "Name that Temporal's certificate is for, where that is not the address.",
    example: "temporal.example.com",
    effect: { now: "with `temporal.tls`" },
    test: "Temporal is reached by TLS, an API key, and with encrypted payloads",
  },
  "temporal.api_key": {
    description: "API key for Temporal. Kept secret; one that was rotated is used within a minute.",
    example: "${A_VARIABLE}",
    effect: { now: "sent with every call to Temporal" },
    test: "Temporal is reached by TLS, an API key, and with encrypted payloads",
  },
  "temporal.payload_keys": {
    description:
      'Keys that encrypt workflow payloads, as JSON: `{"current": ID, "keys": {ID: 32 bytes in base64}}`. Every API and worker needs the same. Default: the file that `novacron up` makes. Kept secret.',
    example: "${A_VARIABLE}",
    effect: { now: "AES-256-GCM on what enters a workflow's history" },
    test: "Temporal is reached by TLS, an API key, and with encrypted payloads",
  },
  "approvals[]": {
    description:
      "Plans that a second person must approve: `KIND at SCOPE`, where the kind is a plan's (`migrate-vm`) or `any`, and the scope as in `oidc.roles`.",
    example: "migrate-vm at tag:env=prod",
    effect: { now: "such a plan is not started without an approval by somebody who had no part in it" },
    test: "plans that want a second person are named by kind and scope",
  },
  "alarms.webhook": {
    description: "URL that is told of break-glass access, freezes and lock-outs, by POST of JSON.",
    example: "https://alarms.example.com/novacron",
    effect: { now: "beside the logs of the API and the workers" },
    test: "plans that want a second person are named by kind and scope",
  },
  "webhooks.key": {
    description:
      "Signs what the scripts of recovery plans are called with (HMAC-SHA256). Kept secret: never logged, shown or stored.",
    example: "${A_VARIABLE}",
    effect: { now: "the header x-novacron-signature of each call" },
    test: "scripts of recovery plans are called with a key of ours",
  },
  "sessions.idle": {
    description: "A session that was not used for so long has ended.",
    unit: "duration",
    default: "30m",
    example: "15m",
    effect: { now: "people's sessions, in browsers and command lines" },
    test: "sessions end by idling and by age",
  },
  "sessions.max": {
    description: "A session ends after so long in any case.",
    unit: "duration",
    default: "12h",
    example: "8h",
    effect: { now: "people's sessions, in browsers and command lines" },
    test: "sessions end by idling and by age",
  },
  "api.public_url": {
    description: "Where browsers reach the API. Default: where it listens.",
    example: "https://novacron.example.com",
    effect: { now: "the identity provider sends people back there" },
    test: "an identity provider is configured with what its groups may do",
  },
  "api.tls": {
    description:
      "TLS 1.3 of the API: `files` (a certificate of yours), `self_made` (one of the instance's own authority, made and renewed by itself; trust `tls/ca.pem` in its folder), or `off`. Beyond loopback the API listens only with TLS and `oidc`.",
    default: "off",
    example: "self_made",
    effect: { now: "how the API is reached" },
    test: "the API's certificate is given or self-made",
  },
  "api.tls_cert_file": {
    description: "PEM file with the certificate, the server's own first. Needed with `api.tls: files`.",
    example: "/etc/novacron/tls.crt",
    effect: { now: "the API's certificate; a new file is in use within seconds, without a restart" },
    test: "the API's certificate is given or self-made",
  },
  "api.tls_key_file": {
    description: "PEM file with its key. Needed with `api.tls: files`.",
    example: "/etc/novacron/tls.key",
    effect: { now: "the API's key; looked at again with the certificate" },
    test: "the API's certificate is given or self-made",
  },
  "rotation.interval": {
    description: "How often each of the secrets below is exchanged for another one.",
    unit: "duration",
    default: "30d",
    example: "7d",
    effect: { now: "Temporal schedules `rotation-of-…`" },
    test: "secrets that we own are exchanged by schedule",
  },
  "rotation.grace": {
    description: "How long the secret before goes on being accepted; 15 minutes at least.",
    unit: "duration",
    default: "1h",
    example: "2h",
    effect: { now: "who still uses the one before is not cut off" },
    test: "secrets that we own are exchanged by schedule",
  },
  "rotation.tokens[]": {
    description:
      "An API token and the file that its users read it from: `TOKEN_ID in FILE`. The worker writes the file.",
    example: "ci in /var/lib/ci/novacron.token",
    effect: { now: "the file gets another secret of the same token" },
    test: "secrets that we own are exchanged by schedule",
  },
  "rotation.sites[]": {
    description:
      "A site whose key is exchanged. Its `credentials.from` must be `${secret:file:FILE}` with a JSON object that all workers read and this one writes.",
    example: "aws-us-east-1",
    effect: { now: "the file gets another key of the same user; the one before is deleted after the grace" },
    test: "secrets that we own are exchanged by schedule",
  },
};
