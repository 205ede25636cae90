import { startEmbeddedPostgres } from '../../runtime/db/embedded.ts'

/** A process of its own that runs the PostgreSQL of the folder it is given until SIGTERM. */
try {
  const server = await startEmbeddedPostgres(process.argv[2]!)
  process.once('SIGTERM', () => server.stop().then(() => process.exit(0)))
  console.log(server.origin)
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
