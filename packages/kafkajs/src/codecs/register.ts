export async function registerOptionalCodecs(): Promise<void> {}
