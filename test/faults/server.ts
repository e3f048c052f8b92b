import { runServer } from '@drover/server';

/** The server as it is, with one lever: the most pages that its database may have. */
await runServer(async (database) => {
  const pages = async (): Promise<number> => {
    const [row]: { page_count: number }[] = await database.query('PRAGMA page_count');
    return row?.page_count ?? 0;
  };
  process.on('message', (message: { type?: string }) => {
    // A page or two are left, so that the failure comes in the middle of something.
    if (message.type === 'full-disk') void pages().then((count) => database.query(`PRAGMA max_page_count = ${count + 1}`));
    if (message.type === 'disk-freed') void database.query('PRAGMA max_page_count = 1073741823');
  });
  // Whoever plays the story has ended, perhaps by a kill: nobody is left to end this one.
  process.on('disconnect', () => process.exit(0));
  await Promise.resolve();
});
