using Npgsql;
using NpgsqlTypes;

namespace Ringfence.Storage;

/// <summary>Rows by COPY in binary.</summary>
internal sealed class PostgresRows(NpgsqlBinaryImporter import) : RowWriter
{
    public static async Task InsertAsync<T>(
        NpgsqlConnection connection, string table, IReadOnlyList<string> columns, IEnumerable<T> rows, Action<RowWriter, T> write,
        CancellationToken cancellationToken)
    {
        await using var import = await connection.BeginBinaryImportAsync(
            $"copy {table} ({string.Join(", ", columns)}) from stdin (format binary)", cancellationToken);
        var writer = new PostgresRows(import);

        foreach (var row in rows)
        {
            // Waits only when the driver's buffer is full; a task for every value would cost more than sending it.
            import.StartRow();
            write(writer, row);
        }

        await import.CompleteAsync(cancellationToken);
    }

    public override void Integer(long value) => import.Write(value, NpgsqlDbType.Bigint);

    public override void Text(string value) => import.Write(value, NpgsqlDbType.Text);

    public override void Text(ReadOnlyMemory<byte> utf8) => import.Write(utf8, NpgsqlDbType.Text);

    public override void Bytes(ReadOnlyMemory<byte> value) => import.Write(value, NpgsqlDbType.Bytea);
}
