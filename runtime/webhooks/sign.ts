import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'

interface Secrets {
  secret: string
  oldSecret: string | null
  oldSecretExpiresAt: Date | null
}

/**
 * Headers of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`, one signature for each secret that is still valid.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function sign(secrets: Secrets, id: string, at: Date, body: string): Record<string, string> {
  const rotating = secrets.oldSecret && secrets.oldSecretExpiresAt && secrets.oldSecretExpiresAt > at
  const keys = rotating ? [secrets.secret, secrets.oldSecret as string] : [secrets.secret]
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': keys.map((key) => new Webhook(key).sign(id, at, body)).join(' '),
  }
}

/** A new secret in the spelling of Standard Webhooks: `whsec_` and 24 random bytes in base64. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`
