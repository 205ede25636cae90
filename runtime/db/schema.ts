/** Every table. Their meaning stands beside them. */
export * from './tables/calls.ts'
export type { Mode } from './tables/columns.ts'
export * from './tables/deployment.ts'
export * from './tables/messages.ts'
export * from './tables/transfers.ts'
export * from './tables/webhooks.ts'
export * from './tables/workspaces.ts'
