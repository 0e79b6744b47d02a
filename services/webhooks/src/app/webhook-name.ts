/** Names a webhook. */
export interface WebhookName {
  readonly programId: string;
  readonly webhookId: string;
}
