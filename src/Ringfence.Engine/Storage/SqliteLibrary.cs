using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Ringfence.Storage;

/// <summary>
/// Chooses the SQLite that is loaded: the system's, when it is there and newer than the one in the package, because the system's is patched.
/// </summary>
internal static class SqliteLibrary
{
    private const string System = "libsqlite3.so.0";

    // The oldest version with everything that our SQL uses (->> came with 3.38), which is newer than the packaged one.
    private const int Oldest = 3_038_000;

    private static readonly Lazy<bool> Loaded = new(Load);
    private static nint library;

    /// <summary>Must be called before the first use of the provider: its static constructor binds the library.</summary>
    public static void Ensure() => _ = Loaded.Value;

    /// <summary>Address of one of the library's functions: of the same copy that the provider uses, which must have been used.</summary>
    public static nint Export(string function) => NativeLibrary.GetExport(library, function);

    private static bool Load()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return true;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name != "e_sqlite3" ? nint.Zero
        : TryLoadSystem(out library) ? library
        : library = NativeLibrary.Load(name, assembly, null);

    private static unsafe bool TryLoadSystem(out nint handle)
    {
        if (!NativeLibrary.TryLoad(System, out handle))
        {
            return false;
        }

        if (NativeLibrary.TryGetExport(handle, "sqlite3_libversion_number", out var version)
            && ((delegate* unmanaged<int>)version)() >= Oldest)
        {
            return true;
        }

        NativeLibrary.Free(handle);
        return false;
    }
}
