/** Before any test: the compiled host and every runtime variant, as a user would get them. */
export default async function setup(): Promise<void> {
  const { ensureBuilt } = await import('../scripts/build.js' as string);
  await ensureBuilt();
}
