// The works of main.rs by Qt's own QDataStream: `qt WORK COUNT`.

#include <QByteArray>
#include <QDataStream>
#include <QIODevice>
#include <QList>
#include <QString>

#include <cstdio>
#include <cstdlib>
#include <cstring>

static void write(const QString &text, int count)
{
    QByteArray bytes;
    QDataStream stream(&bytes, QIODevice::WriteOnly);
    for (int done = 0; done < count; ++done)
        stream << quint32(7) << 2.5 << text;
}

static void read(const QString &text, int count)
{
    QByteArray record;
    QDataStream(&record, QIODevice::WriteOnly) << quint32(7) << 2.5 << text;
    const QByteArray bytes = record.repeated(count);
    QDataStream stream(bytes);
    for (int done = 0; done < count; ++done) {
        quint32 number;
        double value;
        QString read;
        stream >> number >> value >> read;
    }
    if (!stream.atEnd() || stream.status() != QDataStream::Ok)
        abort();
}

static void writeNumbers(int count)
{
    QByteArray bytes;
    QDataStream stream(&bytes, QIODevice::WriteOnly);
    stream << QList<quint32>(count, 7);
}

static void readNumbers(int count)
{
    QByteArray bytes;
    QDataStream(&bytes, QIODevice::WriteOnly) << quint32(count);
    bytes += QByteArray("\0\0\0\7", 4).repeated(count);
    QList<quint32> numbers;
    QDataStream stream(bytes);
    stream >> numbers;
    if (numbers.size() != count)
        abort();
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 1;
    const QString ascii = QStringLiteral("sixteen letters.");
    const QString greek = QStringLiteral("δεκαέξι γράμματα");
    const int count = atoi(argv[2]);
    if (!strcmp(argv[1], "write"))
        write(ascii, count);
    else if (!strcmp(argv[1], "read"))
        read(ascii, count);
    else if (!strcmp(argv[1], "write_beyond_ascii"))
        write(greek, count);
    else if (!strcmp(argv[1], "read_beyond_ascii"))
        read(greek, count);
    else if (!strcmp(argv[1], "write_numbers"))
        writeNumbers(count);
    else if (!strcmp(argv[1], "read_numbers"))
        readNumbers(count);
    else
        return 1;
}
