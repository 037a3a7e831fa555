namespace Ringfence.Storage;

/// <summary>
/// Takes the values of a row, one after the other in the order of the columns, straight into the database's own form: objects for every value of
/// every row would cost more than the insertion.
/// </summary>
public abstract class RowWriter
{
    public abstract void Integer(long value);

    public abstract void Text(string value);

    /// <summary>UTF-8 that goes into a text column as it is.</summary>
    public abstract void Text(ReadOnlyMemory<byte> utf8);

    public abstract void Bytes(ReadOnlyMemory<byte> value);
}
