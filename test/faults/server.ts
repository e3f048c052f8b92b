import { runServer } from '@drover/server';

/** The server as it is, with one lever: the most pages that its database may have. */
await runServer(async (database) => {
  const pages = async (): Promise<number> => {
    const [row]: { page_count: number }[] = await database.query('PRAGMA page_count');
    return row?.page_count ?? 0;
  };
  const limit = async (message: { type?: string }): Promise<void> => {
    // A page or two are left, so that the failure comes in the middle of something.
    if (message.type === 'full-disk') await database.query(`PRAGMA max_page_count = ${(await pages()) + 1}`);
    if (message.type !== 'disk-freed') return;
    await database.query('PRAGMA max_page_count = 1073741823');
    process.send?.({ type: 'disk-freed' });
  };
  // One after the other: on a busy machine both may be waiting, and the disk must not be left full for ever.
  let done = Promise.resolve();
  process.on('message', (message: { type?: string }) => {
    done = done.then(() => limit(message)).catch(() => undefined);
  });
  // Whoever plays the story has ended, perhaps by a kill: nobody is left to end this one.
  process.on('disconnect', () => process.exit(0));
  await Promise.resolve();
});
