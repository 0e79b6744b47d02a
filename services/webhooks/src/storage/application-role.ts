/** The role that the service works in: it can change rows and no tables. */
export const applicationRole = 'webhooks_app';
